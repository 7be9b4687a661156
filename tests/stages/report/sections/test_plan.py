"""Pools of capacity."""

from __future__ import annotations

from stages.report.blocks import DataTable, Material, Text
from stages.report.sections import plan


def test_the_plan_is_compared_with_gpus_only(material: Material) -> None:
    _, text, _, own, gpus = plan.blocks(material)
    assert isinstance(text, Text)
    assert isinstance(own, DataTable)
    assert isinstance(gpus, DataTable)
    assert "As recommended: $900 a month ($800 – $1,000)" in text.text
    assert "On GPUs only" in text.text
    assert "Sharing instances would save $500" in text.text
    assert gpus.folded
    assert not own.folded
    assert "total" in [row[0] for row in own.rows]
