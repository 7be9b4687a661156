"""What a cell leaves on disk: its rows, its request records, and how it ended."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from acceltrial.storage.atomic import write_text
from acceltrial.storage.tables import read_table, write_table
from schemas.base import empty, polars_schema, table_of
from schemas.evidence import BenchmarkCells, Measurements, RequestRecords
from stages.benchmark.rows import Row

RECORD_COLUMNS = list(polars_schema(RequestRecords))


@dataclass
class Outcome:
    """The result of one cell of the grid.

    Attributes:
        cells: rows of BenchmarkCells; a serving cell has one a phase.
        facts: JSON-able findings that `join` needs (start-up times, the device's peak).
    """

    rows: list[Row] = field(default_factory=list)
    records: list[pl.DataFrame] = field(default_factory=list)
    cells: list[dict[str, Any]] = field(default_factory=list)
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
        write_text(folder / "facts.json", json.dumps(self.facts, sort_keys=True))


def read_outcomes(
    folders: Iterable[Path],
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame, list[dict[str, Any]]]:
    """(measurements, records, cells, facts) of all folders, in their order."""
    places = list(folders)
    if not places:
        return empty(Measurements), empty(RequestRecords), empty(BenchmarkCells), []
    frames = [
        pl.concat([read_table(place / f"{name}.parquet") for place in places])
        for name in ("measurements", "records", "cells")
    ]
    facts = [json.loads((place / "facts.json").read_text()) for place in places]
    return frames[0], frames[1], frames[2], facts


def as_records(cell: str, found: pl.DataFrame, correct: list[bool | None] | None) -> pl.DataFrame:
    """The load engine's records in the pipeline's columns."""
    frame = found.with_columns(
        pl.lit(cell).alias("cell"),
        pl.Series("correct", correct if correct is not None else [None] * found.height, dtype=pl.Boolean),
    )
    return frame.select(
        pl.col(name).cast(dtype, strict=True) for name, dtype in polars_schema(RequestRecords).items()
    )
