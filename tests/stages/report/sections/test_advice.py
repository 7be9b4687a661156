"""The section shows five rows whose figures lead to cited rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from stages.report.blocks import DataTable, Link, Material, Tag
from stages.report.sections import advice
from stages.report.shown import Shown


def test_every_figure_leads_to_a_cited_row(material: Material) -> None:
    (table,) = advice.build(material).blocks
    assert isinstance(table, DataTable)
    assert len(table.rows) == 5
    pieces = [piece for row in table.rows for piece in row[3]]
    hrefs = {piece.href for piece in pieces if isinstance(piece, Shown | Link) and piece.href}
    assert hrefs
    assert hrefs <= {f"#{anchor}" for anchor in material.register.rows}


def test_too_little_evidence_is_marked(
    material_of: Callable[[dict[str, list[dict[str, Any]]]], Material],
) -> None:
    (table,) = advice.build(material_of({})).blocks
    assert isinstance(table, DataTable)
    assert all(Tag("too little evidence", "warn") in row[1] for row in table.rows)
