"""The four files of a portfolio folder, checked one by one and against each other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Annotated, Protocol

from pydantic import Field

from acceltrial.errors import ConfigurationError
from acceltrial.portfolio.document import Document, read_document
from acceltrial.portfolio.model import Model
from acceltrial.portfolio.secrets import looks_like_secret
from acceltrial.portfolio.section import Section
from acceltrial.portfolio.target import Target, targets_file
from acceltrial.portfolio.trace import Trace
from acceltrial.portfolio.validation import validate
from acceltrial.portfolio.workload import Workload

FILES = ("workloads", "models", "targets", "traces")


class _HasId(Protocol):
    @property
    def id(self) -> str: ...


class WorkloadsFile(Section):
    """workloads.yaml."""

    workloads: Annotated[list[Workload], Field(min_length=1, max_length=1000)]


class ModelsFile(Section):
    """models.yaml."""

    models: Annotated[list[Model], Field(min_length=1, max_length=1000)]


class TracesFile(Section):
    """traces.yaml."""

    traces: Annotated[list[Trace], Field(min_length=1, max_length=1000)]


@dataclass(frozen=True)
class Portfolio:
    """A portfolio whose parts fit together.

    Attributes:
        folder: where it was read from; trace files are relative to it.
    """

    folder: Path
    workloads: Sequence[Workload]
    models: Sequence[Model]
    targets: Sequence[Target]
    traces: Sequence[Trace]
    documents: dict[str, Document]

    def trace(self, name: str) -> Trace:
        """The trace of that id; `read_portfolio` has made sure that it exists."""
        return next(trace for trace in self.traces if trace.id == name)

    def trace_path(self, trace: Trace) -> Path:
        """Where the file of a recorded trace lies."""
        if trace.file is None:
            raise ValueError(f"trace {trace.id} is generated: it has no file")
        return self.folder / trace.file

    def where(self, file: str, item: str, *keys: str) -> str:
        """`file:line:column` of a key of the entry called `item`."""
        document = self.documents[file]
        index = next(i for i, entry in enumerate(document.data[file]) if entry.get("id") == item)
        return document.where((file, index, *keys))


def read_portfolio(folder: Path, *, shown_as: str = "") -> Portfolio:
    """The portfolio in `folder` (workloads.yaml, models.yaml, targets.yaml, traces.yaml).

    Args:
        folder: the portfolio folder.
        shown_as: how messages name it; empty: as given.

    Raises:
        ConfigurationError: a file is missing, malformed or contradicts another; with file, line,
            column and remedy.
        StorageError: a file cannot be read.
    """
    if not folder.is_dir():
        raise ConfigurationError(
            "the portfolio folder is missing", where=shown_as or str(folder), remedy="run `acceltrial init`"
        )
    prefix = shown_as or str(folder)
    documents = {
        name: read_document(folder / f"{name}.yaml", shown_as=f"{prefix}/{name}.yaml") for name in FILES
    }
    for document in documents.values():
        _refuse_secrets(document)
    portfolio = Portfolio(
        folder=folder,
        workloads=validate(WorkloadsFile, documents["workloads"]).workloads,
        models=validate(ModelsFile, documents["models"]).models,
        targets=validate(targets_file(), documents["targets"]).targets,
        traces=validate(TracesFile, documents["traces"]).traces,
        documents=documents,
    )
    _refuse_duplicates(portfolio)
    _refuse_dangling_names(portfolio)
    _refuse_bad_paths(portfolio)
    return portfolio


def _refuse_secrets(document: Document) -> None:
    for loc, text in document.strings():
        if looks_like_secret(text):
            raise ConfigurationError(
                f"`{loc[-1] if loc else 'the file'}` holds something that looks like a key or password",
                where=document.where(loc),
                remedy="put it into an environment variable and write that variable's name "
                "(for example `api_key_env: NORDWERK_LLM_KEY`); then revoke the key, since it was on disk",
            )


def _refuse_duplicates(portfolio: Portfolio) -> None:
    for file, entries in _entries(portfolio):
        seen: dict[str, int] = {}
        for index, entry in enumerate(entries):
            # Ids become file names, and some file systems do not tell case apart.
            key = entry.id.casefold()
            if key in seen:
                document = portfolio.documents[file]
                first = document.where((file, seen[key], "id"))
                raise ConfigurationError(
                    f"the id '{entry.id}' is given twice in {file} (first at {first})",
                    where=document.where((file, index, "id")),
                    remedy="give each its own id (capital and small letters count as the same)",
                )
            seen[key] = index


def _refuse_dangling_names(portfolio: Portfolio) -> None:
    models = {model.id for model in portfolio.models}
    traces = {trace.id for trace in portfolio.traces}
    for index, workload in enumerate(portfolio.workloads):
        loc = ("workloads", index)
        _must_exist(portfolio, loc, "model", workload.model, models, "models")
        _must_exist(portfolio, loc, "trace", workload.trace, traces, "traces")
    for index, target in enumerate(portfolio.targets):
        _must_exist(portfolio, ("targets", index), "model", target.model, models, "models")


def _must_exist(
    portfolio: Portfolio, loc: tuple[str, int], key: str, name: str, known: Iterable[str], file: str
) -> None:
    names = sorted(known)
    if name in names:
        return
    near = get_close_matches(name, names, n=1)
    hint = f"did you mean '{near[0]}'? Otherwise " if near else ""
    owner = portfolio.documents[loc[0]].data[loc[0]][loc[1]]["id"]
    raise ConfigurationError(
        f"{loc[0].removesuffix('s')} '{owner}' names the {key} '{name}', which {file}.yaml does not have",
        where=portfolio.documents[loc[0]].where((*loc, key)),
        remedy=f"{hint}add '{name}' to {file}.yaml (it has: {', '.join(names[:20])})",
    )


def _refuse_bad_paths(portfolio: Portfolio) -> None:
    for index, trace in enumerate(portfolio.traces):
        if trace.file is None:
            continue
        where = portfolio.documents["traces"].where(("traces", index, "file"))
        if _escapes(portfolio.folder, trace.file):
            raise ConfigurationError(
                f"the file of trace '{trace.id}' lies outside the portfolio folder",
                where=where,
                remedy="put it below the portfolio folder and write its path from there; to try another "
                "trace once, give it on the command line",
            )
        if not (portfolio.folder / trace.file).is_file():
            raise ConfigurationError(
                f"the file of trace '{trace.id}' is missing: {trace.file[:120]!r}",
                where=where,
                remedy="put the file there (`dvc pull` if it is under DVC), or correct the path",
            )


def _escapes(folder: Path, name: str) -> bool:
    if "\0" in name or PurePosixPath(name).is_absolute() or PureWindowsPath(name).drive or "\\" in name:
        return True
    return not (folder / name).resolve().is_relative_to(folder.resolve())


def _entries(portfolio: Portfolio) -> list[tuple[str, Sequence[_HasId]]]:
    return [
        ("workloads", portfolio.workloads),
        ("models", portfolio.models),
        ("targets", portfolio.targets),
        ("traces", portfolio.traces),
    ]
