"""Latency figures of every completed request, and gaps between tokens."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

Floats = npt.NDArray[np.float64]


def latencies(records: pl.DataFrame) -> pl.DataFrame:
    """One row a completed request: ttft, e2e (from sent and from intended), tpot, largest gap; milliseconds.

    TPOT is (last output − first output) ÷ (output tokens − 1); tokens by the server's usage, else by our
    tokenizer, else unknown, and TPOT with them: events are not tokens. Failed requests are not in it.
    """
    tokens = pl.coalesce("output_tokens", "output_tokens_own")
    first = pl.col("token_times_s").list.first()
    last = pl.col("token_times_s").list.last()
    return records.filter(pl.col("error_class").is_null()).select(
        "index",
        "sent_s",
        "last_s",
        ((pl.col("first_token_s") - pl.col("sent_s")) * 1e3).alias("ttft_ms"),
        ((pl.col("first_token_s") - pl.col("intended_s")) * 1e3).alias("ttft_from_intended_ms"),
        ((pl.col("last_s") - pl.col("sent_s")) * 1e3).alias("e2e_ms"),
        ((pl.col("last_s") - pl.col("intended_s")) * 1e3).alias("e2e_from_intended_ms"),
        pl.when((tokens > 1) & (pl.col("chunks") > 1))
        .then((last - first) * 1e3 / (tokens - 1))
        .alias("tpot_ms"),
        (pl.col("token_times_s").list.diff(null_behavior="drop").list.max() * 1e3).alias("itl_max_ms"),
    )


def gaps_between_events_ms(records: pl.DataFrame) -> Floats:
    """Every gap between two successive output events of one completed request."""
    done = records.filter(pl.col("error_class").is_null() & (pl.col("chunks") > 1))
    return _gaps(done) * 1e3


def inter_token_ms(records: pl.DataFrame) -> Floats:
    """Inter-token latency: each gap between events ÷ the tokens that one event of its request carries.

    That number is output tokens ÷ events of the request (1 for a server that sends tokens one by one);
    requests whose tokens are not known are left out.
    """
    tokens = pl.coalesce("output_tokens", "output_tokens_own")
    done = records.filter(pl.col("error_class").is_null() & (pl.col("chunks") > 1) & (tokens > 1))
    if not done.height:
        return np.zeros(0)
    per_event = done.select((tokens / pl.col("chunks")).clip(lower_bound=1.0).alias("k"), "chunks")
    repeated: Floats = np.repeat(per_event["k"].to_numpy(), per_event["chunks"].to_numpy() - 1)
    return np.asarray(_gaps(done) * 1e3 / repeated)


def _gaps(done: pl.DataFrame) -> Floats:
    if not done.height:
        return np.zeros(0)
    times = done["token_times_s"].explode().to_numpy()
    ends = np.cumsum(done["chunks"].to_numpy())
    inner = np.ones(len(times), dtype=bool)
    inner[0] = False
    inner[ends[:-1]] = False
    return np.asarray((times - np.concatenate([[0.0], times[:-1]]))[inner])


def most_in_flight(records: pl.DataFrame) -> int:
    """The most requests that were sent and not yet ended at one time."""
    sent = records.filter(pl.col("sent_s").is_not_null())
    if not sent.height:
        return 0
    times = np.concatenate([sent["sent_s"].to_numpy(), sent["ended_s"].to_numpy()])
    steps = np.concatenate([np.ones(sent.height), -np.ones(sent.height)])
    # At equal times an end comes before a start: the connection is handed over.
    order = np.lexsort((steps, times))
    return int(np.cumsum(steps[order]).max())
