"""Each workload's traffic, read from the requests table once and in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from acceltrial.errors import DataContractError, StorageError
from acceltrial.traces.columns import CANONICAL
from acceltrial.traces.statistics import TraceAccumulator, TraceStats

_BATCH_ROWS: Final = 262_144


def traffic_by_workload(path: Path) -> dict[str, TraceStats]:
    """Statistics of every workload in the requests table at `path`.

    Raises:
        DataContractError: damaged, or not ordered by workload and arrival.
        StorageError: the file is missing.
    """
    found: dict[str, TraceStats] = {}
    name, accumulator, last_s = "", TraceAccumulator(), 0.0
    for batch in _batches(path):
        for part in _parts(batch):
            workload = str(part["workload"][0])
            if workload != name:
                if name:
                    found[name] = accumulator.result()
                if workload in found:
                    raise _unordered(path, workload, "its requests are not all together")
                name, accumulator, last_s = workload, TraceAccumulator(), 0.0
            arrivals = part["arrival_s"]
            if float(arrivals[0]) < last_s or not arrivals.is_sorted():
                raise _unordered(path, workload, "arrivals go back in time")
            last_s = float(arrivals[-1])
            accumulator.add(part)
    if name:
        found[name] = accumulator.result()
    return found


def _batches(path: Path) -> Iterator[pl.DataFrame]:
    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=_BATCH_ROWS, columns=["workload", *CANONICAL]):
                if batch.num_rows:
                    yield pl.DataFrame(batch)
    except FileNotFoundError as error:
        raise StorageError(
            "the requests table is missing", where=str(path), remedy="run the stage collect"
        ) from error
    except (pa.ArrowException, OSError) as error:
        raise DataContractError(
            f"the requests table is damaged ({str(error).splitlines()[0]})",
            where=str(path),
            remedy="run the stage collect again",
        ) from error


def _parts(batch: pl.DataFrame) -> list[pl.DataFrame]:
    """The batch cut where the workload changes."""
    runs = batch["workload"].rle().struct.unnest()
    parts, start = [], 0
    for length in runs["len"]:
        parts.append(batch[start : start + length])
        start += length
    return parts


def _unordered(path: Path, workload: str, what: str) -> DataContractError:
    return DataContractError(
        f"the requests of {workload} are out of order: {what}",
        where=str(path),
        remedy="run the stage collect again",
    )
