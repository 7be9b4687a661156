"""What each criterion adds."""

from __future__ import annotations

from stages.report.blocks import Charts, Material
from stages.report.sections import contributions


def test_leading_options_stand_in_order_of_rank(material: Material) -> None:
    charts = contributions.blocks(material)[-1]
    assert isinstance(charts, Charts)
    chart = charts.charts[0]
    name = chart.id.removeprefix("contributions-")
    ranked = sorted(
        (r for r in material.tables.rows("ranking", name) if r["rank"]),
        key=lambda r: (r["rank"], r["option"]),
    )
    assert list(chart.columns[1:]) == [r["option"] for r in ranked[:4]]
    assert chart.description.startswith(ranked[0]["option"])
