"""What a cell leaves on disk: its rows, its request records, and how it ended."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from acceltrial.storage.atomic import write_text
from acceltrial.storage.tables import read_table, write_table
from schemas.base import Table, empty, polars_schema, table_of
from schemas.evidence import BenchmarkCells, Measurements, RequestRecords, Telemetry
from schemas.inputs import Findings
from stages.benchmark.rows import Row

RECORD_COLUMNS = list(polars_schema(RequestRecords))


@dataclass
class Outcome:
    """The result of one cell of the grid.

    Attributes:
        cells: rows of BenchmarkCells; a serving cell has one a phase.
        telemetry: series read while the cell ran.
        findings: rows of Findings.
        facts: JSON-able findings that `join` needs (start-up times, the device's peak).
    """

    rows: list[Row] = field(default_factory=list)
    records: list[pl.DataFrame] = field(default_factory=list)
    cells: list[dict[str, Any]] = field(default_factory=list)
    telemetry: list[pl.DataFrame] = field(default_factory=list)
    findings: list[dict[str, Any]] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)

    def close(
        self,
        cell: str,
        spec: dict[str, Any],
        *,
        phase: str,
        status: str,
        detail: str,
        started: datetime,
        finished: datetime,
        machine: str,
        run: str,
    ) -> None:
        """Adds the row that says how a phase of the cell ended."""
        self.cells.append(
            {
                "cell": cell,
                "workload": spec["workload"],
                "option": spec["option"],
                "phase": phase,
                "status": status,
                "started": started,
                "finished": finished,
                "machine": machine,
                "detail": detail[:1000],
                "run": run,
            }
        )

    def write(self, folder: Path) -> None:
        """Writes the outcome into `folder`. Raises StorageError."""
        write_table(folder / "measurements.parquet", table_of(Measurements, self.rows))
        write_table(folder / "cells.parquet", table_of(BenchmarkCells, self.cells))
        records = pl.concat(self.records) if self.records else empty(RequestRecords)
        write_table(folder / "records.parquet", records)
        telemetry = pl.concat(self.telemetry) if self.telemetry else empty(Telemetry)
        write_table(folder / "telemetry.parquet", telemetry)
        write_table(folder / "findings.parquet", table_of(Findings, self.findings))
        write_text(folder / "facts.json", json.dumps(self.facts, sort_keys=True))


class Outcomes(NamedTuple):
    """The outcomes of many cells, one below the other."""

    measurements: pl.DataFrame
    records: pl.DataFrame
    cells: pl.DataFrame
    telemetry: pl.DataFrame
    findings: pl.DataFrame
    facts: list[dict[str, Any]]


TABLES: dict[str, type[Table]] = {
    "measurements": Measurements,
    "records": RequestRecords,
    "cells": BenchmarkCells,
    "telemetry": Telemetry,
    "findings": Findings,
}


def read_outcomes(folders: Iterable[Path]) -> Outcomes:
    """What all cells left in their folders, in their order."""
    places = list(folders)
    frames = [
        pl.concat([empty(model), *(read_table(place / f"{name}.parquet") for place in places)])
        for name, model in TABLES.items()
    ]
    facts = [json.loads((place / "facts.json").read_text()) for place in places]
    return Outcomes(frames[0], frames[1], frames[2], frames[3], frames[4], facts)


def as_records(cell: str, found: pl.DataFrame, correct: list[bool | None] | None) -> pl.DataFrame:
    """The load engine's records in the pipeline's columns."""
    frame = found.with_columns(
        pl.lit(cell).alias("cell"),
        pl.Series("correct", correct if correct is not None else [None] * found.height, dtype=pl.Boolean),
    )
    return frame.select(
        pl.col(name).cast(dtype, strict=True) for name, dtype in polars_schema(RequestRecords).items()
    )
