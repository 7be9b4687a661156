"""The requests table, written row group by row group: a trace never has to fit in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from acceltrial.errors import DataContractError
from acceltrial.storage.atomic import storage_error
from schemas.base import polars_schema
from schemas.inputs import Requests

ROW_GROUP_ROWS = 262_144
_COLUMNS = polars_schema(Requests)
# Counters and lengths vary little from row to row, times only in their low bytes: a third of the processor
# time of the default dictionaries, and a fraction of the size.
_NAMES = ["workload", "client", "session"]
_ENCODINGS = {
    name: "BYTE_STREAM_SPLIT" if name == "arrival_s" else "DELTA_BINARY_PACKED"
    for name in _COLUMNS
    if name not in _NAMES
}


@dataclass(slots=True)
class Written:
    """What was written of one workload's trace.

    Attributes:
        rows: rows written.
        span_s: from the first arrival to the last.
        without_lengths: rows whose prompt or answer length is not known.
        too_long: rows whose prompt and answer together exceed the limit.
        longest_tokens: the longest prompt with answer.
        cut: whether reading stopped at the limit with rows left.
    """

    rows: int = 0
    span_s: float = 0.0
    without_lengths: int = 0
    too_long: int = 0
    longest_tokens: int = 0
    cut: bool = False


class RequestsFile:
    """An open requests table. Workloads must be written in the order of their names."""

    def __init__(self, writer: pq.ParquetWriter, path: Path) -> None:
        self._writer = writer
        self._path = path

    def write(
        self, workload: str, batches: Iterable[pl.DataFrame], *, limit: int | None, context_tokens: int | None
    ) -> Written:
        """Writes the trace of `workload`.

        Args:
            workload: its id.
            batches: frames in order of arrival, `arrival_s` counted from the first request.
            limit: stop after so many requests; None writes all.
            context_tokens: longer requests are counted in `Written.too_long`; they are kept.

        Raises:
            DataContractError: arrivals go back in time.
            StorageError: the disk is full or the file cannot be written.
        """
        done = Written()
        pending: list[pl.DataFrame] = []
        for batch in batches:
            if limit is not None and batch.height > limit - done.rows:
                done.cut = True
                batch = batch.head(limit - done.rows)
            if batch.height:
                _check_order(batch, done.span_s, workload, done.rows)
                pending.append(_shaped(batch, workload, done.rows))
                _count(batch, done, context_tokens)
            if sum(part.height for part in pending) >= ROW_GROUP_ROWS:
                self._flush(pending)
            if done.cut:
                break
        self._flush(pending)
        return done

    def _flush(self, pending: list[pl.DataFrame]) -> None:
        if not pending:
            return
        table = pl.concat(pending, rechunk=True).to_arrow()
        pending.clear()
        try:
            self._writer.write_table(table.cast(self._writer.schema), row_group_size=ROW_GROUP_ROWS)
        except OSError as error:
            raise storage_error(error, self._path) from error


@contextmanager
def requests_file(path: Path) -> Iterator[RequestsFile]:
    """An open requests table at `path`, complete when the block ends well. Raises StorageError."""
    schema: pa.Schema = pl.DataFrame(schema=_COLUMNS).to_arrow().schema
    try:
        writer = pq.ParquetWriter(
            path, schema, compression="zstd", use_dictionary=_NAMES, column_encoding=_ENCODINGS
        )
    except OSError as error:
        raise storage_error(error, path) from error
    try:
        yield RequestsFile(writer, path)
    except BaseException:
        # Closing flushes what is left, which fails again on a full disk and would hide the first error.
        _close_quietly(writer)
        raise
    try:
        writer.close()
    except OSError as error:
        raise storage_error(error, path) from error


def _close_quietly(writer: pq.ParquetWriter) -> None:
    try:
        writer.close()
    except (OSError, pa.ArrowException):
        return


def _shaped(frame: pl.DataFrame, workload: str, first: int) -> pl.DataFrame:
    index = pl.int_range(first, first + frame.height, dtype=pl.Int64)
    return frame.select(
        pl.lit(workload, dtype=pl.String).alias("workload"),
        index.alias("index"),
        *(pl.col(name).cast(dtype) for name, dtype in _COLUMNS.items() if name not in ("workload", "index")),
    )


def _check_order(frame: pl.DataFrame, previous_s: float, workload: str, first: int) -> None:
    arrivals = frame["arrival_s"]
    gaps = arrivals.diff()
    gaps[0] = arrivals[0] - previous_s
    if (gaps < 0).any():
        row = first + int((gaps < 0).arg_max() or 0)
        raise DataContractError(
            "arrivals go back in time",
            where=f"trace of workload {workload}, request {row}",
            remedy="sort the trace by arrival",
        )


def _count(frame: pl.DataFrame, done: Written, context_tokens: int | None) -> None:
    total = frame["input_tokens"] + frame["output_tokens"].fill_null(0)
    done.rows += frame.height
    done.span_s = float(frame["arrival_s"][-1])
    done.without_lengths += int((frame["input_tokens"].is_null() | frame["output_tokens"].is_null()).sum())
    done.longest_tokens = max(done.longest_tokens, int(total.max() or 0))  # type: ignore[arg-type]
    if context_tokens is not None:
        done.too_long += int((total > context_tokens).sum())
