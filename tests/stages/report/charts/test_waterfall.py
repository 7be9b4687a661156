"""Bars that begin where the one before ended."""

from __future__ import annotations

from stages.report.charts.waterfall import Step, waterfall


def test_hostile_names_are_escaped_and_intervals_drawn() -> None:
    steps = [Step("<b>compute", 5.0, 4.0, 7.0), Step("power", 2.0), Step("total", 7.0, total=True)]
    chart = waterfall("w", "t", "d", steps, axis_title="USD", columns=("a",), rows=[("b",)])
    assert "<b>" not in chart.svg
    assert "&lt;b&gt;compute" in chart.svg


def test_without_steps_it_says_so() -> None:
    assert waterfall("w", "t", "", [], axis_title="USD", columns=(), rows=[]).svg == ""
