"""The four quarters on the page."""

from __future__ import annotations

from stages.report.blocks import DataTable, Material
from stages.report.sections import roadmap


def test_one_row_a_workload_with_four_states(material: Material) -> None:
    table, note = roadmap.build(material).blocks
    assert isinstance(table, DataTable)
    assert table.columns[1:5] == ("Q1", "Q2", "Q3", "Q4")
    assert len(table.rows) == 6
    assert "in total $" in table.note
    assert "no earlier roadmap" in note.text  # type: ignore[attr-defined]
