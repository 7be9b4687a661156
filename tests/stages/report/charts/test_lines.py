"""Lines with limits and marks."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

from stages.report.charts.lines import Axes, Series, line_chart


def test_limits_marks_and_every_name_are_drawn() -> None:
    series = [Series("one", [(0, 1), (1, 2)]), Series("two", [(0, 3), (1, 1)]), Series("none", [])]
    chart = line_chart(
        "l", "T", "D", series, Axes("t", "y", area=True), columns=("a",), rows=[("b",)],
        limits=[("bound", 2.5)], marks=[(0.5, "rollback")],
    )  # fmt: skip
    for name in ("one", "two", "bound", "rollback"):
        assert f">{name}</text>" in chart.svg
    assert ">none</text>" not in chart.svg


def test_constant_zero_is_a_line() -> None:
    axes = Axes("t", "y", y_domain=(0, 1))
    chart = line_chart("l", "T", "D", [Series("z", [(0, 0), (5, 0)])], axes, columns=(), rows=())
    assert "NaN" not in chart.svg


def test_no_points_no_drawing() -> None:
    assert not line_chart("l", "T", "", [Series("a", [])], Axes("x", "y"), columns=(), rows=()).svg


def _labels(svg: str) -> dict[str | None, str]:
    """The text anchor of each label, its own or its group's."""
    anchors = {}
    for group in ET.fromstring(svg).iter("g"):
        for text in group.iter("text"):
            anchors[text.text] = text.get("text-anchor") or group.get("text-anchor") or "start"
    return anchors


def test_labels_of_near_marks_run_apart_and_long_ones_stay_inside() -> None:
    axes = Axes("x", "y", x_log=True)
    line = [Series("a", [(1.0, 1.0), (100.0, 2.0)])]
    near = line_chart(
        "c", "t", "d", line, axes, columns=(), rows=(), marks=[(10.0, "today"), (11.0, "flips")]
    )
    assert _labels(near.svg) | {"today": "end", "flips": "start"} == _labels(near.svg)
    edge = line_chart(
        "c", "t", "d", line, axes, columns=(), rows=(), marks=[(1.1, "a long label"), (9.0, "b")]
    )
    assert _labels(edge.svg)["a long label"] == "start"


def test_an_axis_of_nearly_equal_values_keeps_labels_that_differ() -> None:
    line = [Series("a", [(0.0, 536.0), (1.0, 536.2)])]
    chart = line_chart("c", "t", "d", line, Axes("x", "MB", y_zero=False), columns=(), rows=())
    ticks = re.findall(r">(\d{3})</text>", chart.svg)
    assert len(ticks) > 1
    assert len(set(ticks)) == len(ticks)
