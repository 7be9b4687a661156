"""The plane of latency and cost."""

from __future__ import annotations

from stages.report.charts.frontier import Point, frontier_chart
from stages.report.shown import Shown


def _point(option: str, latency: float, cost: float, role: str = "") -> Point:
    shown = Shown(f"{latency} ms"), Shown(f"${cost}")
    return Point(option, latency, None, None, cost, 0.0, cost * 2, "predicted", role, role != "", *shown)


def test_the_description_names_cheapest_quickest_and_chosen() -> None:
    points = [_point("a", 10, 5, "runner-up"), _point("b", 200, 1, "recommended"), _point("c", 300, 3)]
    chart = frontier_chart("f", "T", points, latency_title="ttft", cost_title="per x", limit_ms=250, of=9)
    for part in (
        "3 of 9 options",
        "Cheapest: b",
        "Quickest: a",
        "Recommended: b",
        "2 of those shown stay within the limit of 250 ms",
    ):
        assert part in chart.description
    assert len(chart.rows) == 3
    assert chart.rows[2][1] == "beaten on both"
    assert ">b</text>" in chart.svg


def test_without_points_it_says_so() -> None:
    chart = frontier_chart("f", "T", [], latency_title="x", cost_title="y", limit_ms=None, of=0)
    assert not chart.svg
    assert "No option" in chart.description
