"""The total cost of ownership, part by part."""

from __future__ import annotations

from stages.report.blocks import Charts, Material
from stages.report.sections import waterfall


def test_the_largest_line_comes_first_and_the_total_last(material: Material) -> None:
    charts = waterfall.blocks(material)[-1]
    assert isinstance(charts, Charts)
    chart = charts.charts[0]
    assert [row[0] for row in chart.rows] == ["compute", "platform engineering", "exit", "total"]
    assert "compute is 75 % of $12,000" in chart.description
    assert "carbon" not in chart.svg


def test_a_workload_without_a_known_total_has_no_chart(material: Material) -> None:
    decided = {r["workload"] for r in material.tables["decisions"].to_dicts() if r["option"]}
    charts = waterfall.blocks(material)[-1]
    assert isinstance(charts, Charts)
    assert {c.id.removeprefix("waterfall-") for c in charts.charts} <= decided
