"""The neuromorphic gate."""

from __future__ import annotations

from stages.report.blocks import DataTable, Material, Tag
from stages.report.sections import neuromorphic


def test_a_no_gives_the_criteria_that_fail(material: Material) -> None:
    table = neuromorphic.build(material).blocks[0]
    assert isinstance(table, DataTable)
    answers = {row[0].text: row for row in table.rows}  # type: ignore[union-attr]
    assert answers["pump-monitoring"][1] == Tag("pilot", "good")
    assert "runs on demand" in answers["support-chat"][3]
    assert answers["support-chat"][2] == "0 of 3"
