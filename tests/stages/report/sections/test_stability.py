"""Rank intervals and the roles."""

from __future__ import annotations

from stages.report.blocks import Charts, DataTable, Material, Text
from stages.report.sections import stability


def test_ranks_and_dissent(material: Material) -> None:
    blocks = stability.build(material).blocks
    charts = blocks[0]
    assert isinstance(charts, Charts)
    assert len(charts.charts) == 5
    assert charts.charts[0].description.startswith("First is h100-sxm-x1-bf16, best in 62 % of draws")
    texts = [b.text for b in blocks if isinstance(b, Text)]
    assert "In 5 of 5 workloads at least one role alone would choose differently." in texts
    vetoes = [b for b in blocks if isinstance(b, DataTable) and b.id == "vetoes"]
    assert vetoes[0].rows[0][1:] == ["10", "residency", "h100-sxm-x1-bf16: residency: eu only"]
