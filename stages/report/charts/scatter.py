"""Predicted against measured, both axes alike, with the line on which they agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from stages.report.charts.drawing import ACCENT, ALERT, MUTED, Chart, draw, log_scale, log_ticks, no_chart


@dataclass(frozen=True, slots=True)
class Pair:
    """A prediction with its interval and what was measured, all positive."""

    predicted: float
    low: float
    high: float
    measured: float
    covered: bool


def agreement_chart(
    id_: str,
    title: str,
    description: str,
    pairs: Sequence[Pair],
    *,
    unit: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
) -> Chart:
    """Measured across, predicted upwards. Hollow where the interval missed what was measured."""
    if not pairs:
        return no_chart(id_, title, description or "There is nothing to show.")
    drawing = draw(_drawing(pairs, unit), id_, title, description)
    return Chart(id_, title, description, drawing, columns, rows)


def _drawing(pairs: Sequence[Pair], unit: str) -> Any:
    import altair as alt

    reach = [v for pair in pairs for v in (pair.predicted, pair.measured, pair.low, pair.high) if v > 0]
    scale = log_scale(reach)
    low, high = scale.domain
    values = [
        {"m": p.measured, "p": p.predicted, "lo": max(p.low, low), "hi": p.high, "covered": p.covered}
        for p in pairs
    ]
    x = alt.X(
        "m:Q",
        scale=scale,
        axis=alt.Axis(
            title=f"measured ({unit})", format=",.3~r", values=log_ticks(scale), labelOverlap="greedy"
        ),
    )
    y = alt.Y(
        "p:Q",
        scale=scale,
        axis=alt.Axis(
            title=f"predicted ({unit})", format=",.3~r", values=log_ticks(scale), labelOverlap="greedy"
        ),
    )
    base = alt.Chart(alt.Data(values=values))
    diagonal = alt.Chart(alt.Data(values=[{"m": low, "p": low}, {"m": high, "p": high}]))
    return alt.layer(
        diagonal.mark_line(color=MUTED, strokeDash=[4, 4], strokeWidth=1).encode(x=x, y=y),
        base.mark_rule(color=ACCENT, opacity=0.4, strokeWidth=2, clip=True).encode(
            x=x, y=alt.Y("lo:Q", scale=scale), y2="hi:Q"
        ),
        base.transform_filter("datum.covered")
        .mark_point(filled=True, size=60, color=ACCENT, opacity=1)
        .encode(x=x, y=y),
        base.transform_filter("!datum.covered")
        .mark_point(filled=False, size=60, stroke=ALERT, strokeWidth=2, opacity=1)
        .encode(x=x, y=y),
    ).properties(width=260, height=260)
