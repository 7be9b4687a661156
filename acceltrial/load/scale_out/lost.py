"""What a worker that has gone was to send: failed rows of a class of their own, never left out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from acceltrial.load.records import NOT_SENT
from acceltrial.load.schedule import Schedule
from acceltrial.load.sharding import scheduled_of

WORKER_LOST = "worker_lost"


def with_lost(records: pl.DataFrame, schedule: Schedule, workers: int, lost: Sequence[int]) -> pl.DataFrame:
    """The records, with a row of class `worker_lost` for every request of a lost shard that left none."""
    if not lost:
        return records
    indexes = np.concatenate([np.asarray(_at_risk(schedule, workers, shard)) for shard in lost])
    indexes = indexes.astype(np.int64)
    never = pl.col("index").is_in(indexes.tolist()) & (pl.col("error_class") == NOT_SENT)
    told = pl.when(never).then(pl.lit(WORKER_LOST)).otherwise(pl.col("error_class"))
    records = records.with_columns(told.alias("error_class"))
    # What a closed loop never began has no row yet.
    missing = np.setdiff1d(indexes, records["index"].to_numpy())
    rows = pl.DataFrame(
        {
            "index": missing,
            "intended_s": schedule.intended_s[missing],
            "error_class": [WORKER_LOST] * len(missing),
            "bytes_received": np.zeros(len(missing), dtype=np.int64),
            "chunks": np.zeros(len(missing), dtype=np.int64),
        }
    )
    return pl.concat([records, rows], how="diagonal").sort("index").select(records.columns)


def _at_risk(schedule: Schedule, workers: int, shard: int) -> Sequence[int]:
    """What the shard was to send: all of it in an open loop, in a closed one a request for each stream."""
    after = schedule.after.tolist() if schedule.after is not None else ()
    mine = scheduled_of(len(schedule), after, workers, shard)
    streams = -(-schedule.concurrency // workers)
    return mine[:streams] if schedule.concurrency else mine
