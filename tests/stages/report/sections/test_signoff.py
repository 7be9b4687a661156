"""Sheets and gates."""

from __future__ import annotations

from stages.report.blocks import DataTable, Material, Tag
from stages.report.sections import signoff


def test_sheets_and_gates_carry_their_state_and_reason(material: Material) -> None:
    sheets, _, gates = signoff.build(material).blocks
    assert isinstance(sheets, DataTable)
    assert isinstance(gates, DataTable)
    assert len(sheets.columns) == 5
    states = [cell for cell in gates.rows[0][1:] if isinstance(cell, Tag)]
    assert [(s.text, s.tone) for s in states] == [
        ("met until 2027-01-01", "good"), ("expired", "bad"), ("open", "warn"),
    ]  # fmt: skip
    assert "why" in states[1].note
