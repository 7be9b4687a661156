"""The training page."""

from __future__ import annotations

from collections.abc import Callable

from stages.report.blocks import DataTable, Material, Text
from stages.report.sections import training
from tests.stages.report.sample_tables import sample_rows


def test_measured_training_comes_first(material: Material) -> None:
    table = training.build(material).blocks[0]
    assert isinstance(table, DataTable)
    assert table.rows[0][0][0] == "local-torch-training"
    assert table.note.startswith("2,000 steps")


def test_without_training_it_says_so(material_of: Callable[..., Material]) -> None:
    rows = sample_rows()
    rows["workloads"] = [r for r in rows["workloads"] if r["phase"] == "inference"]
    block = training.build(material_of(rows)).blocks[0]
    assert isinstance(block, Text)
