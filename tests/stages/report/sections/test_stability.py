"""Rank intervals and the roles."""

from __future__ import annotations

from collections.abc import Callable

from stages.report.blocks import Charts, DataTable, Material, Text
from stages.report.sections import stability
from tests.stages.report.sample_tables import sample_rows


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


def test_a_tie_is_no_dissent(material_of: Callable[..., Material]) -> None:
    rows = sample_rows(only=("reply-suggest",))
    for row in rows["role_ranking"]:
        row["rank"] = 1 if row["option"] in ("local-llamacpp-q4", "local-torch-bf16") else row["rank"]
    blocks = stability.build(material_of(rows)).blocks
    texts = [b.text for b in blocks if isinstance(b, Text)]
    assert "Every role alone would choose the recommended option." in texts
