"""Predictions held to account."""

from __future__ import annotations

from stages.report.blocks import Charts, DataTable, Material
from stages.report.sections import ledger


def test_errors_by_family(material: Material) -> None:
    families, over_time, charts, pairs = ledger.build(material).blocks
    assert isinstance(families, DataTable)
    assert families.rows[0][:6] == ["zen4", "time to first token", "6", "20 %", "20 %", "too high 20 %"]
    assert isinstance(over_time, DataTable)
    assert over_time.rows[0][2:] == ["6", "20 %", "50 %", "× 1"]
    assert isinstance(charts, Charts)
    assert "3 of 6 intervals missed" in charts.charts[0].description
    assert isinstance(pairs, DataTable)
    assert len(pairs.rows) == 6
