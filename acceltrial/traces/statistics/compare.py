"""One trace against another, figure by figure."""

from __future__ import annotations

import polars as pl

from acceltrial.traces.statistics.summary import TraceStats

_FIGURES = (
    "rate_rps", "peak_rate_rps", "gap_cv", "idc_1s", "idc_10s", "idc_60s", "rate_variation_1s",
    "rate_variation_10s", "rate_variation_60s", "prefix_share", "follow_up_share", "top_client_share",
    "hourly_peak_to_mean", "longest_silence_s",
)  # fmt: skip

_LENGTHS = ("mean", "p50", "p95", "p99")


def compare_stats(reference: TraceStats, other: TraceStats) -> pl.DataFrame:
    """Columns figure, reference, other, ratio (other / reference; empty where either is unknown or zero)."""
    rows = [(name, getattr(reference, name), getattr(other, name)) for name in _FIGURES]
    for side in ("input_tokens", "output_tokens"):
        one, two = getattr(reference, side), getattr(other, side)
        rows += [(f"{side}_{name}", getattr(one, name), getattr(two, name)) for name in _LENGTHS]
    return pl.DataFrame(
        [
            {"figure": name, "reference": a, "other": b, "ratio": b / a if a and b is not None else None}
            for name, a, b in rows
        ],
        schema={"figure": pl.String, "reference": pl.Float64, "other": pl.Float64, "ratio": pl.Float64},
    )
