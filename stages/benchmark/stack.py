"""The whole stack: where the time of a request goes, and how long a server takes to become useful."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import polars as pl

from acceltrial.load import LoadResult
from acceltrial.stats.quantiles import describe
from acceltrial.targets import RunningServer
from stages.benchmark.rows import Row, RowMaker

STARTUP_METRICS = ("process_start_s", "model_load_s", "first_request_s")


def stack_rows(maker: RowMaker, result: LoadResult, server: RunningServer) -> list[Row]:
    """Client tokenising, connecting, queueing, prefill and decode of a replay's requests."""
    done = result.records.filter(pl.col("error_class").is_null())
    prefill, decode = done["server_prefill_ms"], done["server_decode_ms"]
    silent = "the server does not report its own times"
    total = (done["last_s"] - done["sent_s"]) * 1e3
    queue = (total - prefill - decode).clip(lower_bound=0).drop_nulls()
    parts = {
        "connect_ms": (done["connect_ms"].drop_nulls(), "no new connection was opened"),
        "prefill_ms": (prefill.drop_nulls(), silent),
        "decode_ms": (decode.drop_nulls(), silent),
        "queue_ms": (queue, silent),
    }
    rows = []
    for metric, (values, absent) in parts.items():
        rows += maker.described(metric, describe(values.to_numpy()), absent)
    return [*rows, *_tokenising(maker, server)]


def _tokenising(maker: RowMaker, server: RunningServer) -> list[Row]:
    """Time to tokenise a short prompt in the client, as an application that counts tokens does."""
    if server.tokenizer_path is None:
        return maker.described("client_tokenise_ms", {"n": 0}, "no tokenizer file lies beside this server")
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(server.tokenizer_path))
    text = "The dosing pump at station 12 showed a leaking shaft seal after 4200 operating hours. " * 4
    times = []
    for _ in range(50):
        start = time.perf_counter()
        tokenizer.encode(text)
        times.append((time.perf_counter() - start) * 1e3)
    return maker.described("client_tokenise_ms", describe(np.asarray(times[5:])), "")


def startup_rows(starts: Iterable[Mapping[str, Any]], maker: RowMaker) -> list[Row]:
    """Start-up times of one option from all its starts in this run. The first may have read the disk cold."""
    found = list(starts)
    rows = []
    for metric in STARTUP_METRICS:
        values = [one[metric] for one in found if one[metric] is not None]
        if not values:
            reason = next(
                (one["reason"] for one in found if one["reason"]), "the server was not started here"
            )
            rows.append(maker.row(metric, "p50", None, reason=reason))
            continue
        interval = [min(values), max(values)] if len(values) > 1 else None
        # P(all n on one side of the median) = 2 · ½ⁿ (order statistics, whatever the distribution).
        level = 1 - 2 * 0.5 ** len(values)
        rows.append(
            maker.row(
                metric,
                "p50",
                float(np.median(values)),
                n=len(values),
                interval=interval,
                level=level if interval else None,
                method="range of the starts (order statistics)" if interval else None,
                reason="" if interval else "one start: no interval",
                source=f"{len(values)} starts in this run",
            )
        )
    return rows


def power_rows(maker: RowMaker) -> list[Row]:
    """Energy and power, which need a meter: no RAPL counter or GPU telemetry is read for this target."""
    reason = "energy method none: no meter (RAPL, NVML) is readable here, and a TDP model would rank nothing"
    return [
        maker.row("energy_j_per_request", "mean", None, reason=reason),
        maker.row("power_w", "mean", None, reason=reason),
    ]
