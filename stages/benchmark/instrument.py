"""The instrument's own error of a cell, as rows: what must be taken off every latency's credit."""

from __future__ import annotations

from acceltrial.load import LoadResult
from stages.benchmark.rows import Row, RowMaker

METHOD = "binomial order statistics"


def instrument_rows(maker: RowMaker, result: LoadResult) -> list[Row]:
    """Errors of TTFT and ITL (p50, p99) from the calibration, and the client's share of one core."""
    found = result.instrument
    rows = []
    for key in ("ttft_error_ms", "itl_error_ms"):
        error = found.get(key) or {}
        for statistic in ("p50", "p99"):
            value, pair = error.get(statistic), (error.get("intervals") or {}).get(statistic)
            absent = "; ".join(found.get("notes") or ["the calibration saw no such times"])
            few = f"n = {error.get('n')} is too few for an interval"
            rows.append(
                maker.row(
                    f"instrument_{key}",
                    statistic,
                    value,
                    n=error.get("n"),
                    interval=pair,
                    level=error.get("level"),
                    method=METHOD,
                    reason="" if pair else (absent if value is None else few),
                    source="calibration against the loopback reference server, same schedule shape",
                )
            )
    share = found.get("cpu_share")
    reason = "one run: no interval" if share is not None else "the client's CPU time is not known"
    return [*rows, maker.row("client_cpu_share", "mean", share, reason=reason, source="of one core")]
