"""Recorded canary streams in a Parquet or CSV file, one after the other, in bounded memory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow.lib import ArrowException

from acceltrial.canary.csv_streams import as_parquet
from acceltrial.canary.records import OPTIONAL
from acceltrial.errors import DataContractError
from acceltrial.storage.atomic import storage_error

REQUIRED = ("stream", "t_s", "arm", "latency_ms", "ok")
BATCH = 500_000
MOST_RUNS = 64
MOST_HELD = 8
"""A run of rows may keep a batch so many times its size in memory; shorter ones are copied."""
MOST_OPEN = 12_000_000
"""Rows held at once. Streams that are interleaved more widely are read in several passes."""


def read_streams(
    path: Path, *, batch: int = BATCH, most_open: int = MOST_OPEN
) -> Iterator[tuple[str, pl.DataFrame]]:
    """Each stream's name and rows, in the order in which the streams end in the file.

    Raises:
        StorageError: the file cannot be read.
        DataContractError: it is not Parquet (nor, by its name, CSV), lacks a column, has a row without a
            stream, or no row at all.
    """
    if path.name.lower().endswith((".csv", ".csv.gz")):
        with as_parquet(path) as copy:
            yield from _read_parquet(copy, path, batch, most_open)
    else:
        yield from _read_parquet(path, path, batch, most_open)


def _read_parquet(path: Path, named: Path, batch: int, most_open: int) -> Iterator[tuple[str, pl.DataFrame]]:
    """The same from the Parquet file `path`; in errors it is `named`."""
    try:
        present = pq.read_schema(path).names
        few_values = [name for name in ("stream", "arm") if name in present]
        file = pq.ParquetFile(path, read_dictionary=few_values)
    except OSError as error:
        raise storage_error(error, named) from error
    except ArrowException as error:
        raise DataContractError(
            f"not Parquet ({error})",
            where=str(named),
            remedy="give recorded streams as Parquet, .csv or .csv.gz",
        ) from error
    columns = _columns(file, named)
    spans = _spans(file, named, batch)
    if not spans:
        raise DataContractError(
            "no row in the file", where=str(named), remedy="record at least one request of each arm"
        )
    for wanted in _passes(spans, most_open):
        yield from _one_pass(file, columns, wanted, spans, batch)


def _columns(file: pq.ParquetFile, path: Path) -> list[str]:
    names = set(file.schema_arrow.names)
    missing = [name for name in REQUIRED if name not in names]
    if missing:
        raise DataContractError(
            f"columns missing: {', '.join(missing)}",
            where=str(path),
            remedy=f"give {', '.join(REQUIRED)} and, where known, {', '.join(OPTIONAL)}",
        )
    return [*REQUIRED, *(name for name in OPTIONAL if name in names)]


Spans = dict[str, list[int]]
"""By stream: first and last batch, and rows."""


def _spans(file: pq.ParquetFile, path: Path, batch: int) -> Spans:
    spans: Spans = {}
    row = 0
    for number, part in enumerate(file.iter_batches(batch, columns=["stream"])):
        column = part.column(0)
        if column.null_count:
            at = row + int(np.argmax(column.is_null().to_numpy(zero_copy_only=False)))
            raise DataContractError(
                f"row {at} names no stream", where=str(path), remedy="name the stream of every row"
            )
        for found in pc.value_counts(column).to_pylist():
            span = spans.setdefault(str(found["values"]), [number, number, 0])
            span[1] = number
            span[2] += found["counts"]
        row += len(part)
    return spans


def _passes(spans: Spans, most_open: int) -> list[set[str]]:
    """Groups of streams, each to be read in one pass, so that few rows are open at a time."""
    change: dict[int, int] = defaultdict(int)
    for first, last, rows in spans.values():
        change[first] += rows
        change[last + 1] -= rows
    peak = max(np.cumsum([change[at] for at in sorted(change)]), default=0)
    if peak <= most_open:
        return [set(spans)]
    groups: list[set[str]] = [set()]
    held = 0
    for name, (_, _, rows) in sorted(spans.items(), key=lambda item: (item[1][0], item[0])):
        if held and held + rows > most_open:
            groups.append(set())
            held = 0
        groups[-1].add(name)
        held += rows
    return groups


def _one_pass(
    file: pq.ParquetFile, columns: list[str], wanted: set[str], spans: Spans, batch: int
) -> Iterator[tuple[str, pl.DataFrame]]:
    first = min(spans[name][0] for name in wanted)
    last = max(spans[name][1] for name in wanted)
    ending: dict[int, list[str]] = defaultdict(list)
    for name in sorted(wanted, key=lambda name: (spans[name][0], name)):
        ending[spans[name][1]].append(name)
    parts: dict[str, list[pl.DataFrame]] = defaultdict(list)
    for number, piece in enumerate(file.iter_batches(batch, columns=columns)):
        if number < first:
            continue
        for name, rows in _by_stream(piece):
            if name in wanted:
                parts[name].append(rows)
        for name in ending.get(number, []):
            yield name, pl.concat(parts.pop(name), rechunk=True)
        if number >= last:
            return


def _by_stream(piece: Any) -> Iterator[tuple[str, pl.DataFrame]]:
    frame = pl.from_arrow(piece)
    assert isinstance(frame, pl.DataFrame)
    codes = frame["stream"].to_physical().to_numpy()
    starts = np.concatenate([[0], np.flatnonzero(codes[1:] != codes[:-1]) + 1])
    if len(starts) <= MOST_RUNS:  # one stream after another: whole runs, short ones copied: the batch can go
        for start, end in zip(starts, [*starts[1:], len(frame)], strict=True):
            rows = frame.drop("stream").slice(start, end - start)
            name = str(frame["stream"][int(start)])
            yield name, rows if len(rows) * MOST_HELD >= len(frame) else rows[np.arange(len(rows))]
        return
    for (name,), rows in frame.partition_by("stream", as_dict=True, maintain_order=True).items():
        yield str(name), rows.drop("stream")
