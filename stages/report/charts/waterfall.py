"""A waterfall: what a sum is made of, each part beginning where the one before ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from stages.report.charts.drawing import ACCENT, INK, MUTED, SERIES, Chart, draw, no_chart, plain


@dataclass(frozen=True, slots=True)
class Step:
    """One part of the sum, or with `total` the sum itself, with the ends of its interval."""

    name: str
    value: float
    low: float | None = None
    high: float | None = None
    total: bool = False


def waterfall(
    id_: str,
    title: str,
    description: str,
    steps: Sequence[Step],
    *,
    axis_title: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
) -> Chart:
    """One line a step, in the order given; totals start at nothing."""
    if not steps:
        return no_chart(id_, title, description or "There is nothing to show.")
    return Chart(
        id_, title, description, draw(_drawing(steps, axis_title), id_, title, description), columns, rows
    )


def _drawing(steps: Sequence[Step], axis_title: str) -> Any:
    import altair as alt

    values, at = [], 0.0
    for step in steps:
        start = 0.0 if step.total else at
        at = start + step.value
        kind = "total" if step.total else "part"
        values.append({"name": plain(step.name), "from": start, "to": at, "kind": kind})
        if step.low is not None and step.high is not None:
            values[-1] |= {"low": start + step.low, "high": start + step.high}
    y = alt.Y(
        "name:N",
        sort=[plain(step.name) for step in steps],
        axis=alt.Axis(title=None, domain=False, ticks=False, labelColor=INK, labelLimit=200),
    )
    colour = alt.Color(
        "kind:N", scale=alt.Scale(domain=["part", "total"], range=[SERIES[0], MUTED]), legend=None
    )
    base = alt.Chart(alt.Data(values=values))
    axis = alt.Axis(title=axis_title, format=",.3~s", tickCount=5)
    bars = base.mark_bar(height={"band": 0.6}).encode(
        x=alt.X("from:Q", axis=axis), x2="to:Q", y=y, color=colour
    )
    whiskers = base.transform_filter("isValid(datum.low)").mark_rule(color=ACCENT, strokeWidth=1.2)
    whiskers = whiskers.encode(x="low:Q", x2="high:Q", y=y)
    return alt.layer(bars, whiskers).properties(width=290, height=max(20 * len(steps), 60))
