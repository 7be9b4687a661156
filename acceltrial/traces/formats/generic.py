"""Any CSV, JSON lines or Parquet table: by a mapping of columns, or with our own column names."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from acceltrial.errors import ConfigurationError
from acceltrial.traces.columns import OWN_COLUMNS, ColumnMap
from acceltrial.traces.formats.base import Reading
from acceltrial.traces.json_objects import first_objects
from acceltrial.traces.parsing import parse_batch
from acceltrial.traces.source import Head
from acceltrial.traces.tabular import csv_batches, csv_header, json_batches, parquet_batches


class GenericFormat:
    """A table whose columns the reader is told."""

    name = "generic"
    about = "CSV, JSON lines or Parquet by a mapping of columns"
    ordered = True

    def recognises(self, head: Head) -> bool:  # noqa: ARG002
        """Never by itself: it needs a mapping."""
        return False

    def batches(self, head: Head, reading: Reading) -> Iterator[pl.DataFrame]:
        """Parsed batches. Raises ConfigurationError without a mapping, DataContractError on bad cells."""
        if reading.columns is None:
            raise ConfigurationError(
                "the generic format needs a mapping of columns",
                where=str(head.path),
                remedy="give `columns: {arrival: COLUMN, input_tokens: COLUMN, time_unit: s|ms|us|ns|iso}`;"
                f" the columns there are: {', '.join(column_names(head)[:40]) or 'unknown'}",
            )
        yield from mapped_batches(head, reading.columns, reading.block_bytes)


class OwnFormat:
    """The canonical columns by their own names, in any of the three containers."""

    name = "acceltrial"
    about = "canonical columns (what `acceltrial trace convert` and `generate` write)"
    ordered = True

    def recognises(self, head: Head) -> bool:
        """By a column `arrival_s`."""
        return "arrival_s" in column_names(head)

    def batches(self, head: Head, reading: Reading) -> Iterator[pl.DataFrame]:
        """Parsed batches. Raises DataContractError."""
        there = set(column_names(head))
        mapping = {k: v for k, v in OWN_COLUMNS.wanted().items() if v in there}
        yield from mapped_batches(head, ColumnMap(**mapping), reading.block_bytes)


def mapped_batches(head: Head, columns: ColumnMap, block_bytes: int) -> Iterator[pl.DataFrame]:
    """Parsed batches of a CSV, JSON-lines or Parquet file by `columns`. Raises DataContractError."""
    wanted = list(dict.fromkeys(columns.wanted().values()))
    if head.parquet_columns is not None:
        frames = parquet_batches(head, wanted)
    elif head.is_json:
        frames = json_batches(head, wanted, block_bytes)
    else:
        frames = csv_batches(head, wanted, block_bytes, columns.usual_types())
    for frame in frames:
        yield parse_batch(frame, columns, head.path)


def column_names(head: Head) -> list[str]:
    """The names that the header, the first objects or the Parquet schema give."""
    if head.parquet_columns is not None:
        return list(head.parquet_columns)
    if not head.is_json:
        return csv_header(head)[0]
    return list(dict.fromkeys(name for item in first_objects(head) for name in item))
