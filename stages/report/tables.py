"""All tables of the evaluation, read once, each row knowing its place in its file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from stages import artifacts
from stages.contract import Artifact, Inputs, TableFile

SOURCES: tuple[TableFile, ...] = tuple(
    value
    for value in vars(artifacts).values()
    if isinstance(value, TableFile) and not value.path.startswith("data/stages/report/")
)
"""Every table that any stage before this one writes, in the order of the pipeline."""

LAZY = ("requests", "request_records")
"""Too large to hold: they are scanned."""


@dataclass
class Tables:
    """Frames by name with the extra column `_row`; big tables as lazy scans.

    Attributes:
        frames: every table but the lazy ones.
        files: where each table lies, all of them.
    """

    frames: Mapping[str, pl.DataFrame]
    files: Mapping[str, Path]
    _parts: dict[tuple[str, str], dict[Any, list[dict[str, Any]]]] = field(default_factory=dict)

    def __getitem__(self, name: str) -> pl.DataFrame:
        return self.frames[name]

    def scan(self, name: str) -> pl.LazyFrame:
        """A lazy view of a big table."""
        return pl.scan_parquet(self.files[name])

    def rows(self, name: str, workload: str) -> list[dict[str, Any]]:
        """The rows of one workload, in the table's order."""
        return self.grouped(name, "workload").get(workload, [])

    def row(self, name: str, workload: str) -> dict[str, Any] | None:
        """The workload's only row in a table that has one a workload."""
        return next(iter(self.rows(name, workload)), None)

    def grouped(self, name: str, key: str) -> dict[Any, list[dict[str, Any]]]:
        """Rows by the value of `key`, in the table's order; computed once."""
        if (name, key) not in self._parts:
            parts: dict[Any, list[dict[str, Any]]] = {}
            for row in self.frames[name].iter_rows(named=True):
                parts.setdefault(row[key], []).append(row)
            self._parts[name, key] = parts
        return self._parts[name, key]

    @property
    def workloads(self) -> list[str]:
        """Workload ids in the portfolio's order."""
        return self["workloads"]["workload"].to_list()

    def title(self, workload: str) -> str:
        """The workload's title, or its id."""
        row = self.row("workloads", workload)
        return row["title"] if row and row["title"] else workload


def load_tables(inputs: Inputs, sources: Iterable[Artifact] = SOURCES) -> Tables:
    """Every table among `sources`, checked. Raises DataContractError or StorageError."""
    tables = [source for source in sources if isinstance(source, TableFile)]
    frames = {
        table.name: inputs.table(table.name).with_row_index("_row")
        for table in tables
        if table.name not in LAZY
    }
    return Tables(frames=frames, files={table.name: inputs.path(table.name) for table in tables})
