"""Latency figures of every completed request, and gaps between tokens."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

Floats = npt.NDArray[np.float64]
_SLICE = 50_000


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
    return _gaps_ms(records, per_token=False)


def inter_token_ms(records: pl.DataFrame) -> Floats:
    """Inter-token latency: each gap between events ÷ the tokens that one event of its request carries.

    That number is output tokens ÷ events of the request (1 for a server that sends tokens one by one);
    requests whose tokens are not known are left out.
    """
    return _gaps_ms(records, per_token=True)


def _gaps_ms(records: pl.DataFrame, *, per_token: bool) -> Floats:
    """Differences within each list of times, slice by slice: a run may hold tens of millions."""
    tokens = pl.coalesce("output_tokens", "output_tokens_own")
    columns = records.select("error_class", "chunks", "token_times_s", tokens.alias("tokens"))
    wanted = pl.col("error_class").is_null() & (pl.col("chunks") > 1)
    wanted = wanted & (pl.col("tokens") > 1) if per_token else wanted
    counts = columns.filter(wanted)["chunks"]
    found: Floats = np.empty(int(counts.sum()) - len(counts))
    filled = 0
    for part in columns.iter_slices(_SLICE):
        gaps = _gaps_of(part.filter(wanted), per_token=per_token)
        found[filled : filled + len(gaps)] = gaps
        filled += len(gaps)
    return found


def _gaps_of(done: pl.DataFrame, *, per_token: bool) -> Floats:
    if not done.height:
        return np.zeros(0)
    chunks = done["chunks"].to_numpy()
    gaps = np.diff(done["token_times_s"].explode().to_numpy())
    within = np.ones(len(gaps), dtype=bool)
    within[np.cumsum(chunks)[:-1] - 1] = False
    found: Floats = gaps[within] * 1e3
    if per_token:
        found /= np.repeat(np.maximum(1.0, done["tokens"].to_numpy() / chunks), chunks - 1)
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
