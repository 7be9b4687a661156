"""Dots with whiskers."""

from __future__ import annotations

import pytest

from stages.report.charts.intervals import Dot, interval_chart


@pytest.mark.parametrize("values", [(1.0, 100.0), (0.0, 0.0), (-5.0, 3.0), (1e-9, 1e12)])
def test_any_values_can_be_drawn(values: tuple[float, float]) -> None:
    dots = [
        Dot("<a>", values[0], None, None, "measured"),
        Dot("b", values[1], values[0], values[1], "declared", True, "p95"),
    ]
    chart = interval_chart(
        "i", "T", "D", dots, axis_title="ms", columns=("x",), rows=[("y",)], log=True, limit=2.0
    )
    assert "&lt;a&gt;" in chart.svg
    assert "NaN" not in chart.svg
    assert "Infinity" not in chart.svg


def test_nothing_to_draw() -> None:
    chart = interval_chart("i", "T", "", [], axis_title="ms", columns=(), rows=())
    assert (chart.svg, chart.description) == ("", "There is nothing to show.")
