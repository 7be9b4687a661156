"""Canonical batches to a file, streamed and atomic."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import polars as pl

from acceltrial.errors import ConfigurationError
from acceltrial.storage.atomic import replacing
from acceltrial.traces.columns import CANONICAL

SUFFIXES = (".parquet", ".csv", ".jsonl")


def write_trace(path: Path, batches: Iterable[pl.DataFrame]) -> int:
    """Writes canonical batches as Parquet, CSV or JSON lines by the name's end, and returns the rows.

    Raises:
        ConfigurationError: another ending.
        StorageError: disk full or no permission; nothing is left half-written.
    """
    if path.suffix not in SUFFIXES:
        raise ConfigurationError(
            f"a trace cannot be written as {path.suffix or 'a file without ending'}",
            where=str(path),
            remedy=f"end the name in {', '.join(SUFFIXES)}",
        )
    with replacing(path) as temporary:
        return _parquet(temporary, batches) if path.suffix == ".parquet" else _text(temporary, path, batches)


def _parquet(path: Path, batches: Iterable[pl.DataFrame]) -> int:
    import pyarrow.parquet as pq

    rows = 0
    schema = pl.DataFrame(schema=CANONICAL).to_arrow().schema
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for batch in batches:
            writer.write_table(batch.to_arrow().cast(schema))
            rows += batch.height
    return rows


def _text(temporary: Path, path: Path, batches: Iterable[pl.DataFrame]) -> int:
    rows = 0
    with temporary.open("wb") as stream:
        for batch in batches:
            if batch.height == 0 and rows == 0:
                continue
            if path.suffix == ".csv":
                stream.write(batch.write_csv(include_header=rows == 0).encode())
            else:
                batch.write_ndjson(stream)
            rows += batch.height
    return rows
