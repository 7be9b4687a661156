"""The fit matrix and the nearest misses."""

from __future__ import annotations

from stages.report.blocks import DataTable, Material, Tag
from stages.report.sections import fit


def test_the_matrix_counts_feasible_options(material: Material) -> None:
    matrix = fit.build(material).blocks[0]
    assert isinstance(matrix, DataTable)
    gpu = matrix.rows[0][1]
    asic = matrix.rows[0][3]
    assert gpu == [Tag("4 of 4", "good"), "memory"]
    assert asic == [Tag("0 of 2", "bad"), "memory"]


def test_only_accelerators_without_any_fit_are_rejected(material: Material) -> None:
    tables = [b for b in fit.build(material).blocks if isinstance(b, DataTable) and "rejected" in b.caption]
    assert {row[0] for row in tables[0].rows} == {"lpu-v1", "loihi2"}
    assert tables[-1].caption == "Pump monitoring: 0 accelerators rejected"
