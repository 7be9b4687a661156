"""Placement, fallback and rules."""

from __future__ import annotations

from stages.report.blocks import DataTable, Material, Tag
from stages.report.sections import placement
from stages.report.shown import Shown


def test_the_unplaced_say_so_and_passes_are_left_out(material: Material) -> None:
    placed, *_, rules = placement.build(material).blocks
    assert isinstance(placed, DataTable)
    assert isinstance(placed.rows[3][1], Shown)
    assert placed.rows[0][2] == "public cloud, eu-west-1"
    assert isinstance(rules, DataTable)
    assert [row[2] for row in rules.rows] == [Tag("deny", "bad")] * 6
