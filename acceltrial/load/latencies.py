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
    # Lazily, so that the filter copies no column that is not asked for: a million rows are large.
    figures = (
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
    return records.lazy().filter(pl.col("error_class").is_null()).select(*figures).collect()


def gaps_between_events_ms(records: pl.DataFrame) -> Floats:
    """Every gap between two successive output events of one completed request."""
    columns = records.select("error_class", "chunks", "token_times_s")
    return _gaps_ms(columns.filter(pl.col("error_class").is_null() & (pl.col("chunks") > 1)))


def inter_token_ms(records: pl.DataFrame) -> Floats:
    """Inter-token latency: each gap between events ÷ the tokens that one event of its request carries.

    That number is output tokens ÷ events of the request (1 for a server that sends tokens one by one);
    requests whose tokens are not known are left out.
    """
    tokens = pl.coalesce("output_tokens", "output_tokens_own")
    columns = records.select("error_class", "chunks", "token_times_s", tokens.alias("tokens"))
    done = columns.filter(pl.col("error_class").is_null() & (pl.col("chunks") > 1) & (pl.col("tokens") > 1))
    gaps_ms = _gaps_ms(done)
    per_event = np.maximum(1.0, done["tokens"].to_numpy() / done["chunks"].to_numpy())
    if np.any(per_event > 1.0):
        gaps_ms /= np.repeat(per_event, done["chunks"].to_numpy() - 1)
    return gaps_ms


def _gaps_ms(done: pl.DataFrame) -> Floats:
    """Differences within each list of times; few copies, since a run may hold tens of millions."""
    if not done.height:
        return np.zeros(0)
    gaps = np.diff(done["token_times_s"].explode().to_numpy())
    within = np.ones(len(gaps), dtype=bool)
    within[np.cumsum(done["chunks"].to_numpy())[:-1] - 1] = False
    found: Floats = gaps[within]
    found *= 1e3
    return found


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
