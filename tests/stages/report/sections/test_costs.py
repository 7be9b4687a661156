"""Costs, inference and training apart."""

from __future__ import annotations

from stages.report.blocks import DataTable, Link, Material, Tag
from stages.report.sections import costs


def test_training_never_stands_beside_inference(material: Material) -> None:
    inference, training = costs.build(material).blocks[:2]
    assert isinstance(inference, DataTable)
    assert isinstance(training, DataTable)
    names = [
        {cell.text for cell in (row[0] for row in t.rows) if isinstance(cell, Link)}
        for t in (inference, training)
    ]
    assert names[1] == {"domain-finetune"}
    assert not names[0] & names[1]
    assert "per trained step" not in inference.columns


def test_the_recommended_option_comes_first(material: Material) -> None:
    inference = costs.build(material).blocks[0]
    assert isinstance(inference, DataTable)
    assert [row[2] for row in inference.rows[:2]] == [Tag("recommended", "good"), Tag("runner-up")]
