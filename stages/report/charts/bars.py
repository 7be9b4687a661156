"""Stacked bars: where the time of a request or a start goes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from stages.report.charts.drawing import INK, SERIES, Chart, draw, no_chart, plain


@dataclass(frozen=True, slots=True)
class Part:
    """One piece of a bar."""

    bar: str
    part: str
    value: float


def stacked_bars(
    id_: str,
    title: str,
    description: str,
    parts: Sequence[Part],
    *,
    axis_title: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
) -> Chart:
    """One bar a `bar`, its parts in the order in which they first appear."""
    if not parts:
        return no_chart(id_, title, description or "There is nothing to show.")
    drawing = draw(_drawing(parts, axis_title), id_, title, description)
    return Chart(id_, title, description, drawing, columns, rows, wide=True)


def _drawing(parts: Sequence[Part], axis_title: str) -> Any:
    import altair as alt

    names = list(dict.fromkeys(plain(part.part) for part in parts))
    bars = list(dict.fromkeys(plain(part.bar) for part in parts))
    values = [
        {"bar": plain(p.bar), "part": plain(p.part), "x": p.value, "order": names.index(plain(p.part))}
        for p in parts
    ]
    colour = alt.Color(
        "part:N",
        sort=names,
        scale=alt.Scale(domain=names, range=[SERIES[n % len(SERIES)] for n in range(len(names))]),
        legend=alt.Legend(title=None, columns=3),
    )
    return (
        alt.Chart(alt.Data(values=values))
        .mark_bar(height={"band": 0.6})
        .encode(
            x=alt.X("x:Q", axis=alt.Axis(title=axis_title, format=",.3~r", tickCount=5)),
            y=alt.Y(
                "bar:N",
                sort=bars,
                axis=alt.Axis(title=None, domain=False, ticks=False, labelColor=INK, labelLimit=260),
            ),
            color=colour,
            order="order:Q",
        )
        .properties(width=520, height=max(36 * len(bars), 60))
    )
