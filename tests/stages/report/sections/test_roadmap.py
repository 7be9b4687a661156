"""The four quarters on the page."""

from __future__ import annotations

from dataclasses import replace

from stages.report.blocks import DataTable, Link, Material, Text
from stages.report.changes import Change, Changes
from stages.report.sections import roadmap


def test_one_row_a_workload_with_four_states(material: Material) -> None:
    table, note = roadmap.build(material).blocks
    assert isinstance(table, DataTable)
    assert table.columns[1:5] == ("Q1", "Q2", "Q3", "Q4")
    assert len(table.rows) == 6
    assert "in total $" in table.note
    assert "last_quarter.json" in note.text  # type: ignore[attr-defined]


def test_changes_since_last_quarter_stand_in_a_table(material: Material) -> None:
    change = Change("support-chat", "choice", "l4-x1-int8", "h100-sxm-x1-bf16")
    gone = Change("old-chat", "workload", "l4-x1-int8", "not in the portfolio")
    _, table = roadmap.build(replace(material, changes=Changes("2026-Q3", (change, gone)))).blocks
    assert isinstance(table, DataTable)
    assert table.caption == "What changed since 2026-Q3"
    assert isinstance(table.rows[0][0], Link)
    assert table.rows[1][0] == "old-chat"
    _, text = roadmap.build(replace(material, changes=Changes("2026-Q3", ()))).blocks
    assert isinstance(text, Text)
    assert "Nothing notable changed" in text.text
