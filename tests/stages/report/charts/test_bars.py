"""Stacked bars."""

from __future__ import annotations

from stages.report.charts.bars import Part, stacked_bars


def test_parts_keep_their_order() -> None:
    parts = [Part("engine", "start", 1.0), Part("engine", "load", 2.0), Part("other", "start", 0.0)]
    chart = stacked_bars("b", "T", "D", parts, axis_title="s", columns=("a",), rows=[("b",)])
    assert chart.svg.index(">start</text>") < chart.svg.index(">load</text>")
    assert chart.wide


def test_no_parts_no_drawing() -> None:
    assert not stacked_bars("b", "T", "", [], axis_title="s", columns=(), rows=()).svg
