"""The sample portfolio, rendered once, and small helpers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from stages.contract import Context, Inputs
from stages.report.blocks import Material
from stages.report.shown import RowRegister
from stages.report.stage import STAGE, ReportParams
from stages.report.tables import Tables, load_tables
from tests.stages.report.sample_tables import NOW, sample_rows, write_sample

VOID = {"meta", "link", "br", "hr", "img", "input", "path", "rect", "circle", "line", "use"}


@dataclass
class Page(HTMLParser):
    """What a strict reader sees: tags must close in order; ids, links and texts are kept."""

    ids: list[str] = field(default_factory=list)
    links: list[tuple[str, str, str]] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    attributes: list[tuple[str, str, str]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    open_tags: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            self.attributes.append((tag, name, value or ""))
            if name == "id":
                self.ids.append(value or "")
            if name in ("href", "src", "srcset", "action", "data", "poster", "xlink:href"):
                self.links.append((tag, name, value or ""))
        if tag not in VOID:
            self.open_tags.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        if not self.open_tags or self.open_tags.pop() != tag:
            self.problems.append(f"</{tag}> at {self.getpos()}")

    def handle_data(self, data: str) -> None:
        if self.open_tags and self.open_tags[-1] != "style":
            self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())


def read_page(html: str) -> Page:
    """The page as a strict parser sees it."""
    page = Page()
    page.feed(html)
    page.close()
    page.problems += [f"<{tag}> never closed" for tag in page.open_tags]
    return page


@dataclass(frozen=True)
class Rendered:
    """A finished stage run."""

    html: str
    roadmap: str
    tables: Path
    inputs: Inputs

    @property
    def page(self) -> Page:
        return read_page(self.html)


def run_stage(folder: Path, rows: dict[str, list[dict[str, Any]]], params: Mapping[str, Any]) -> Rendered:
    """The report stage over these rows in `folder`."""
    inputs = write_sample(folder, rows)
    scratch = folder / "scratch"
    scratch.mkdir()
    context = Context(root=folder, scratch=scratch, cache=folder, now=NOW, run="run-report")
    assert STAGE.run is not None
    outputs = STAGE.run(inputs, ReportParams(**params), context)
    return Rendered(str(outputs["report"]), str(outputs["roadmap"]), Path(outputs["tables"]), inputs)  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Rendered:
    """The sample portfolio's report."""
    return run_stage(tmp_path_factory.mktemp("sample"), sample_rows(), {"organisation": "Nordwerk"})


@pytest.fixture(scope="session")
def rendered_empty(tmp_path_factory: pytest.TempPathFactory) -> Rendered:
    """The report over tables without rows."""
    return run_stage(tmp_path_factory.mktemp("empty"), {}, {})


@pytest.fixture(scope="session")
def rendered_hostile(tmp_path_factory: pytest.TempPathFactory) -> Rendered:
    """The report over texts that hold markup, template syntax and control characters."""
    rows = sample_rows(hostile=True, only=("reply-suggest", "fraud-scoring"))
    return run_stage(tmp_path_factory.mktemp("hostile"), rows, {"title": "<b>x</b>"})


@pytest.fixture(scope="session")
def sample_tables(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    """The sample portfolio's tables, read once."""
    return load_tables(write_sample(tmp_path_factory.mktemp("tables"), sample_rows()))


@pytest.fixture
def material(sample_tables: Tables) -> Material:
    """The sample portfolio with a register of its own."""
    return Material(sample_tables, RowRegister(), now=NOW, run="run-report")


@pytest.fixture
def material_of(tmp_path: Path) -> Callable[[dict[str, list[dict[str, Any]]]], Material]:
    """Builds material from chosen rows."""

    def build(rows: dict[str, list[dict[str, Any]]]) -> Material:
        return Material(load_tables(write_sample(tmp_path, rows)), RowRegister(), now=NOW)

    return build
