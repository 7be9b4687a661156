"""The points at which choices flip."""

from __future__ import annotations

from stages.report.blocks import Charts, DataTable, Material
from stages.report.sections import breakeven
from stages.report.shown import Shown


def test_the_nearest_flip_leads_and_unknown_points_say_why(material: Material) -> None:
    charts, table = breakeven.build(material).blocks
    assert isinstance(charts, Charts)
    assert isinstance(table, DataTable)
    lines, _, dots = charts.charts[:3]
    assert "when the winner's price goes from 2 to 2.6 USD" in lines.description
    assert "flips" in lines.svg
    assert "Nearest: price at 1.3 times" in dots.description
    assert str(table.rows[0][1]).startswith("price")
    last = table.rows[-1][3]
    assert isinstance(last, Shown)
    assert not last.known
    assert "no such point" in last.why
