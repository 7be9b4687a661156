"""Lines over an axis: request rate over time, latency distributions, a canary's course."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from stages.report.charts.drawing import (
    ALERT,
    MUTED,
    SERIES,
    Chart,
    draw,
    log_scale,
    log_ticks,
    no_chart,
    plain,
)

LETTER_PX = 6
"""A letter of a label, at most."""
LEAST_SPAN = 0.01
"""An axis that spans a smaller share of its values would have labels that read alike."""


@dataclass(frozen=True, slots=True)
class Series:
    """One line: its name and its points in order."""

    name: str
    points: Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Axes:
    """What the axes are, and how the lines run between points."""

    x_title: str
    y_title: str
    x_log: bool = False
    y_log: bool = False
    x_format: str = ",.3~r"
    y_format: str = ",.3~r"
    interpolate: str = "linear"
    area: bool = False
    y_zero: bool = True
    y_domain: tuple[float, float] | None = None
    width: int = 290
    height: int = 150


def line_chart(
    id_: str,
    title: str,
    description: str,
    series: Sequence[Series],
    axes: Axes,
    *,
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    limits: Sequence[tuple[str, float]] = (),
    marks: Sequence[tuple[float, str]] = (),
    wide: bool = False,
) -> Chart:
    """Several lines; `limits` are dashed horizontal lines, `marks` labelled vertical ones."""
    drawn = [line for line in series if line.points]
    if not drawn:
        return no_chart(id_, title, description or "There is nothing to show.")
    drawing = draw(_drawing(drawn, axes, limits, marks), id_, title, description)
    return Chart(id_, title, description, drawing, columns, rows, wide)


def _drawing(
    series: Sequence[Series],
    axes: Axes,
    limits: Sequence[tuple[str, float]],
    marks: Sequence[tuple[float, str]],
) -> Any:
    import altair as alt

    across = [px for line in series for px, _ in line.points]
    upward = [py for line in series for _, py in line.points] + [at for _, at in limits]
    x_scale = log_scale(across) if axes.x_log else alt.Scale(nice=False)
    y_scale = log_scale(upward) if axes.y_log else alt.Scale(zero=axes.y_zero, nice=True)
    if not axes.y_zero and not axes.y_log and max(upward) - min(upward) < LEAST_SPAN * abs(max(upward)):
        pad = LEAST_SPAN * abs(max(upward))
        y_scale = alt.Scale(domain=[min(upward) - pad, max(upward) + pad], nice=True)
    if axes.y_domain:
        y_scale = alt.Scale(domain=list(axes.y_domain), nice=False)
    x_axis = alt.Axis(
        title=axes.x_title, format=axes.x_format, grid=False, tickCount=6, labelOverlap="greedy"
    )
    y_axis = alt.Axis(title=axes.y_title, format=axes.y_format, tickCount=4, labelOverlap="greedy")
    if axes.x_log:
        x_axis.values = log_ticks(x_scale)
    if axes.y_log:
        y_axis.values = log_ticks(y_scale)
    x = alt.X("x:Q", scale=x_scale, axis=x_axis)
    y = alt.Y("y:Q", scale=y_scale, axis=y_axis)
    names = [plain(line.name) for line in series]
    colour = alt.Color(
        "series:N",
        scale=alt.Scale(domain=names, range=[SERIES[n % len(SERIES)] for n in range(len(names))]),
        legend=alt.Legend(title=None, columns=2, orient="bottom") if len(names) > 1 else None,
    )
    dash = alt.StrokeDash(
        "series:N",
        scale=alt.Scale(
            domain=names, range=[[[1, 0], [6, 3], [2, 2], [8, 3, 2, 3]][n % 4] for n in range(len(names))]
        ),
        legend=None,
    )
    values = [
        {"x": px, "y": py, "series": plain(line.name), "order": n}
        for line in series
        for n, (px, py) in enumerate(line.points)
    ]
    base = alt.Chart(alt.Data(values=values))
    layers = []
    if axes.area and not axes.y_log:
        layers.append(
            base.mark_area(opacity=0.15, interpolate=axes.interpolate).encode(x=x, y=y, color=colour)
        )
    layers.append(
        base.mark_line(strokeWidth=1.6, interpolate=axes.interpolate).encode(
            x=x, y=y, color=colour, strokeDash=dash, order="order:Q"
        )
    )
    layers += _reference_lines(alt, x_scale, y_scale, limits, marks, _alignments(marks, across, axes))
    return alt.layer(*layers).properties(width=axes.width, height=axes.height)


def _alignments(marks: Sequence[tuple[float, str]], across: Sequence[float], axes: Axes) -> list[str]:
    """The side to which each label runs: the leftmost to the left where it has room, so that none meet."""
    place = math.log if axes.x_log else float
    start, end = place(min(across)), place(max(across))

    def fits(at: float, name: str) -> bool:
        return end > start and (place(at) - start) / (end - start) * axes.width > LETTER_PX * len(name)

    first = min((at for at, _ in marks), default=None)
    return ["right" if at == first and len(marks) > 1 and fits(at, name) else "left" for at, name in marks]


def _reference_lines(
    alt: Any,
    x_scale: Any,
    y_scale: Any,
    limits: Sequence[tuple[str, float]],
    marks: Sequence[tuple[float, str]],
    alignments: Sequence[str],
) -> list[Any]:
    layers = []
    if limits:
        data = alt.Chart(alt.Data(values=[{"y": at, "name": plain(name)} for name, at in limits]))
        y = alt.Y("y:Q", scale=y_scale)
        layers.append(data.mark_rule(strokeDash=[5, 4], color=ALERT).encode(y=y))
        layers.append(
            data.mark_text(align="right", dy=-6, color=ALERT, limit=260).encode(
                x=alt.value("width"), y=y, text="name:N"
            )
        )
    if marks:
        data = alt.Chart(alt.Data(values=[{"x": at, "name": plain(name)} for at, name in marks]))
        x = alt.X("x:Q", scale=x_scale)
        layers.append(data.mark_rule(color=MUTED, strokeWidth=1, opacity=0.7).encode(x=x))
        for (at, name), align in zip(marks, alignments, strict=True):
            one = alt.Chart(alt.Data(values=[{"x": at, "name": plain(name)}]))
            text = one.mark_text(align=align, dx=3 if align == "right" else -3, color=MUTED, limit=160)
            layers.append(text.encode(x=x, y=alt.value(-6), text="name:N"))  # above, where no line runs
    return layers
