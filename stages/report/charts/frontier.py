"""Cost against latency: which options are not beaten on both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stages.report.charts.drawing import (
    ALERT,
    GRADE_COLOURS,
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
from stages.report.formatting import quantity
from stages.report.shown import Shown


@dataclass(frozen=True, slots=True)
class Point:
    """One option on the plane of latency and cost, both positive."""

    option: str
    latency_ms: float
    latency_low: float | None
    latency_high: float | None
    cost: float
    cost_low: float | None
    cost_high: float | None
    grade: str
    role: str
    """`recommended`, `runner-up` or empty."""
    on_frontier: bool
    latency_shown: Shown
    cost_shown: Shown


def frontier_chart(
    id_: str,
    title: str,
    points: Sequence[Point],
    *,
    latency_title: str,
    cost_title: str,
    limit_ms: float | None,
    of: int,
    latency_unit: str = "ms",
) -> Chart:
    """One workload's options; a dashed line at the latency limit; whiskers are intervals."""
    if not points:
        return no_chart(id_, title, "No option has both a known latency and a known cost.")
    description = _describe(points, limit_ms, of, latency_unit)
    drawing = draw(
        _drawing(points, latency_title, cost_title, limit_ms, latency_unit), id_, title, description
    )
    columns = ("Option", "Standing", f"{latency_title}", cost_title)
    rows = [(p.option, _standing(p), p.latency_shown, p.cost_shown) for p in points]
    return Chart(id_, title, description, drawing, columns, rows)


def _standing(point: Point) -> str:
    place = "on the frontier" if point.on_frontier else "beaten on both"
    return f"{point.role}, {place}" if point.role else place


def _describe(points: Sequence[Point], limit_ms: float | None, of: int, unit: str) -> str:
    best = min(points, key=lambda p: p.cost)
    quick = min(points, key=lambda p: p.latency_ms)
    parts = [
        f"{len(points)} of {of} options shown.",
        f"Cheapest: {best.option} at {best.cost_shown.text} and {best.latency_shown.text}.",
        f"Quickest: {quick.option} at {quick.latency_shown.text} and {quick.cost_shown.text}.",
    ]
    chosen = next((p for p in points if p.role == "recommended"), None)
    if chosen:
        parts.append(f"Recommended: {chosen.option} ({chosen.latency_shown.text}, {chosen.cost_shown.text}).")
    if limit_ms is not None:
        within = sum(p.latency_ms <= limit_ms for p in points)
        parts.append(f"{within} of those shown stay within the limit of {quantity(limit_ms, unit)}.")
    return " ".join(parts)


def _drawing(
    points: Sequence[Point], latency_title: str, cost_title: str, limit_ms: float | None, unit: str
) -> object:
    import altair as alt

    data = alt.Data(values=[_values(p) for p in points])
    colour, shape = grade_scales()
    reach = [p.latency_ms for p in points] + ([limit_ms] if limit_ms else [])
    x_scale, y_scale = log_scale(reach), log_scale([p.cost for p in points])
    x = alt.X(
        "x:Q",
        scale=x_scale,
        axis=alt.Axis(
            title=f"{latency_title} ({unit})",
            format=",.3~r",
            values=log_ticks(x_scale),
            labelOverlap="greedy",
            grid=True,
        ),
    )
    y = alt.Y(
        "y:Q",
        scale=y_scale,
        axis=alt.Axis(
            title=f"USD {cost_title}", format="$,.3~r", values=log_ticks(y_scale), labelOverlap="greedy"
        ),
    )
    by_grade = alt.Color("grade:N", scale=colour, legend=None)
    base = alt.Chart(data)
    layers = [
        base.mark_rule(clip=True, opacity=0.25, strokeWidth=1).encode(
            x=alt.X("x0:Q", scale=x_scale), x2="x1:Q", y=y, color=by_grade
        ),
        base.mark_rule(clip=True, opacity=0.25, strokeWidth=1).encode(
            x=x, y=alt.Y("y0:Q", scale=y_scale), y2="y1:Q", color=by_grade
        ),
        base.transform_filter("datum.edge")
        .mark_line(clip=True, strokeWidth=1.2, color=MUTED, interpolate="step-after", opacity=0.7)
        .encode(x=x, y=y, order="x:Q"),
        base.mark_point(clip=True, filled=True, opacity=0.9).encode(
            x=x,
            y=y,
            color=by_grade,
            shape=alt.Shape("grade:N", scale=shape, legend=None),
            size=alt.Size("size:Q", scale=None, legend=None),
        ),
        base.transform_filter("datum.role == 'recommended'")
        .mark_point(filled=False, size=230, stroke=INK, strokeWidth=1.5, shape="circle")
        .encode(x=x, y=y),
        base.transform_filter("datum.role == 'recommended'")
        .mark_text(align="center", dy=-15, fontWeight=600, limit=230, color=INK)
        .encode(x=x, y=y, text="option:N"),
    ]
    if limit_ms is not None:
        limit = alt.Chart(alt.Data(values=[{"x": limit_ms}]))
        layers.append(
            limit.mark_rule(strokeDash=[5, 4], color=ALERT, clip=True).encode(x=alt.X("x:Q", scale=x_scale))
        )
    return alt.layer(*layers).properties(width=280, height=210)


def _values(point: Point) -> dict[str, object]:
    assert point.grade in GRADE_COLOURS
    return {
        "option": plain(point.option),
        "x": point.latency_ms,
        "x0": _positive(point.latency_low, point.latency_ms),
        "x1": _positive(point.latency_high, point.latency_ms),
        "y": point.cost,
        "y0": _positive(point.cost_low, point.cost),
        "y1": _positive(point.cost_high, point.cost),
        "grade": point.grade,
        "role": point.role,
        "edge": point.on_frontier,
        "size": 70 if point.role or point.on_frontier else 34,
    }


def _positive(bound: float | None, value: float) -> float:
    """A bound that a log axis can show; without one the whisker has no length."""
    return value if bound is None else max(bound, value / 1000)
