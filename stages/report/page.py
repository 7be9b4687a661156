"""The whole page: sections in reading order, rendered by templates that escape every text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from markupsafe import Markup

from stages.report.blocks import Link, Material, Section, Tag
from stages.report.formatting import minute
from stages.report.sections import (
    advice,
    breakeven,
    canary,
    cards,
    catalogue,
    cited_rows,
    costs,
    findings,
    fit,
    frontier,
    glossary,
    headline,
    instrument,
    ledger,
    lineage,
    load_curves,
    measured,
    neuromorphic,
    overview,
    placement,
    quality,
    resources,
    roadmap,
    signoff,
    stability,
    traffic,
    training,
    whole_stack,
)
from stages.report.sections.lineage import TableLineage
from stages.report.shown import GRADE_LETTERS, GRADE_MEANINGS, Shown

HERE = Path(__file__).parent
GROUPS = ("Decide", "Compare", "Evidence", "Operate", "Appendix")
MAX_BYTES = 3_000_000
"""Above this the report still is written, with a line that says how to make it smaller."""


def build_sections(material: Material, tables_read: list[TableLineage]) -> list[Section]:
    """Every section in reading order; the rows come last in building, since all others cite them."""
    sections = [
        headline.build(material),
        overview.build(material),
        cards.build(material),
        placement.build(material),
        signoff.build(material),
        advice.build(material),
        frontier.build(material),
        fit.build(material),
        costs.build(material),
        breakeven.build(material),
        stability.build(material),
        measured.build(material),
        whole_stack.build(material),
        quality.build(material),
        load_curves.build(material),
        resources.build(material),
        instrument.build(material),
        ledger.build(material),
        traffic.build(material),
        training.build(material),
        neuromorphic.build(material),
        canary.build(material),
        findings.build(material),
        roadmap.build(material),
        catalogue.build(material),
        glossary.build(material),
        lineage.build(material, tables_read),
    ]
    return [*sections, cited_rows.build(material)]


def render(sections: Sequence[Section], *, title: str, now: datetime, run: str, quarter: str) -> str:
    """One HTML file that needs no script, no network and no other file."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.tests.update(
        figure=lambda value: isinstance(value, Shown),
        link=lambda value: isinstance(value, Link),
        tag=lambda value: isinstance(value, Tag),
    )
    environment.filters["template_of"] = template_of
    page = environment.get_template("page.html.j2").render(
        sections=sections,
        groups=[(g, [s for s in sections if s.group == g]) for g in GROUPS],
        style=Markup((HERE / "style.css").read_text(encoding="utf-8")),  # noqa: S704 - our own file
        title=title,
        written=minute(now),
        run=run,
        quarter=quarter,
        grades=[(grade, letter, GRADE_MEANINGS[grade]) for grade, letter in GRADE_LETTERS.items()],
    )
    return _compact(page)


def size_warning(page: str) -> str:
    """A line to show when the page is too large to be sent around, else an empty text."""
    size = len(page.encode())
    if size <= MAX_BYTES:
        return ""
    return (
        f"report: {size / 1e6:.1f} MB; lower report.options_per_chart or report.options_per_table "
        "in params.yaml to make it smaller"
    )


def template_of(block: Any) -> str:
    """The template that shows a block: its class's name in snake case."""
    name = re.sub(r"(?<!^)(?=[A-Z])", "_", type(block).__name__).lower()
    return f"blocks/{name}.html.j2"


def _compact(page: str) -> str:
    """Without indentation and empty lines; text and attributes of ours hold no line breaks that matter."""
    return "\n".join(line.strip() for line in page.splitlines() if line.strip()) + "\n"
