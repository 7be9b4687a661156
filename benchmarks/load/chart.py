"""The curve of the instrument's errors over the request rate, as an SVG."""

from __future__ import annotations

from typing import Any

import altair as alt
import polars as pl
import vl_convert

from benchmarks.load.table import CURVE_RATES

_LINES = {
    "ttft_error_p50_ms": "TTFT error p50",
    "ttft_error_p99_ms": "TTFT error p99",
    "itl_error_p99_ms": "ITL error p99",
    "lag_p99_ms": "send lag p99",
}


def curve_chart(found: dict[str, Any]) -> str:
    """Medians with the extremes, both axes logarithmic; empty where nothing was measured."""
    rows = [
        {"requests/s": rate, "figure": label, "ms": one["median"], "low": one["low"], "high": one["high"]}
        for rate in CURVE_RATES
        for name, label in _LINES.items()
        if (one := found.get(f"curve_{rate}_{name}")) is not None
    ]
    if not rows:
        return ""
    base = alt.Chart(pl.DataFrame(rows)).encode(
        x=alt.X("requests/s:Q", scale=alt.Scale(type="log")), color=alt.Color("figure:N", title=None)
    )
    lines = base.mark_line(point=True).encode(y=alt.Y("ms:Q", scale=alt.Scale(type="log"), title="ms"))
    spread = base.mark_rule(opacity=0.5).encode(y="low:Q", y2="high:Q")
    chart = (lines + spread).properties(width=560, height=300, title="The instrument's error over the rate")
    return str(vl_convert.vegalite_to_svg(chart.to_json()))
