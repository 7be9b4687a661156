"""The appendix of rows."""

from __future__ import annotations

from stages.report.blocks import DataTable, Material
from stages.report.sections import cards, cited_rows


def test_cited_rows_stand_with_their_position_and_cell(material: Material) -> None:
    cards.build(material)
    tables = {b.id: b for b in cited_rows.build(material).blocks if isinstance(b, DataTable)}
    measurements = tables["rows-measurements"]
    assert measurements.anchors[0].startswith("row-measurements-")
    assert list(measurements.anchors) == sorted(measurements.anchors, key=lambda a: int(a.rsplit("-", 1)[1]))
    cell = measurements.rows[0][list(measurements.columns).index("Cell and run")]
    assert cell[1] == "run-benchmark"  # type: ignore[index]


def test_without_citations_it_says_so(material: Material) -> None:
    assert cited_rows.build(material).blocks[0].text == "No row was cited."  # type: ignore[attr-defined]
