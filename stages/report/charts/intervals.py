"""Dots with whiskers on one axis: latencies of several engines, ranks of several options."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from stages.report.charts.drawing import (
    ALERT,
    INK,
    MUTED,
    Chart,
    draw,
    grade_scales,
    log_scale,
    log_ticks,
    no_chart,
    plain,
)


@dataclass(frozen=True, slots=True)
class Dot:
    """A value with its range; `label` names the line on which it stands."""

    label: str
    value: float
    low: float | None
    high: float | None
    grade: str
    emphasis: bool = False
    note: str = ""


def interval_chart(
    id_: str,
    title: str,
    description: str,
    dots: Sequence[Dot],
    *,
    axis_title: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    log: bool = False,
    limit: float | None = None,
    axis_format: str = ",.3~r",
    domain: tuple[float, float] | None = None,
) -> Chart:
    """One line a label, in the order given."""
    if not dots:
        return no_chart(id_, title, description or "There is nothing to show.")
    drawing = draw(_drawing(dots, axis_title, log, limit, axis_format, domain), id_, title, description)
    return Chart(id_, title, description, drawing, columns, rows)


def _drawing(
    dots: Sequence[Dot],
    axis_title: str,
    log: bool,
    limit: float | None,
    axis_format: str,
    domain: tuple[float, float] | None,
) -> Any:
    import altair as alt

    labels = list(dict.fromkeys(plain(dot.label) for dot in dots))
    reach = [v for dot in dots for v in (dot.value, dot.low, dot.high) if v is not None]
    reach += [limit] if limit is not None else []
    usable = log and min(reach) > 0
    room = 0.12 if any(dot.note for dot in dots) else 0.0  # a note is centred on its mark
    scale = log_scale(reach, room) if usable else alt.Scale(zero=False, nice=True)
    if domain:
        scale = alt.Scale(domain=list(domain), nice=False)
    x_axis = alt.Axis(title=axis_title, format=axis_format, tickCount=4, labelOverlap="greedy")
    if usable and not domain:
        x_axis.values = log_ticks(scale)
    x = alt.X("x:Q", scale=scale, axis=x_axis)
    y = alt.Y(
        "label:N",
        sort=labels,
        axis=alt.Axis(title=None, domain=False, ticks=False, labelColor=INK, labelLimit=240, grid=True),
    )
    colour, shape = grade_scales()
    values = [_values(dot) for dot in dots]
    base = alt.Chart(alt.Data(values=values))
    by_grade = alt.Color("grade:N", scale=colour, legend=None)
    layers = [
        base.mark_rule(strokeWidth=3, opacity=0.35).encode(
            x=alt.X("low:Q", scale=scale), x2="high:Q", y=y, color=by_grade
        ),
        base.mark_point(filled=True, opacity=1).encode(
            x=x,
            y=y,
            color=by_grade,
            shape=alt.Shape("grade:N", scale=shape, legend=None),
            size=alt.Size("size:Q", scale=None, legend=None),
        ),
        base.mark_text(dy=-10, fontSize=10, color=MUTED).encode(x=x, y=y, text="note:N"),
    ]
    if limit is not None:
        layers.append(
            alt.Chart(alt.Data(values=[{"x": limit}]))
            .mark_rule(strokeDash=[5, 4], color=ALERT)
            .encode(x=alt.X("x:Q", scale=scale))
        )
    return alt.layer(*layers).properties(width=165, height=max(34 * len(labels), 60))


def _values(dot: Dot) -> dict[str, Any]:
    return {
        "label": plain(dot.label),
        "x": dot.value,
        "low": dot.value if dot.low is None else dot.low,
        "high": dot.value if dot.high is None else dot.high,
        "grade": dot.grade,
        "size": 110 if dot.emphasis else 60,
        "note": plain(dot.note),
    }
