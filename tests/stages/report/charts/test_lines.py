"""Lines with limits and marks."""

from __future__ import annotations

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
