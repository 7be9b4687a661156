"""Looking measured figures up."""

from __future__ import annotations

from stages.report.blocks import Material
from stages.report.measured_rows import figure, measured_cells, value, why
from stages.report.shown import Shown


def test_cells_come_in_the_portfolios_order_and_hold_measured_rows_only(material: Material) -> None:
    cells = measured_cells(material, ("replay",))
    order = [material.tables.workloads.index(workload) for workload, _ in cells]
    assert order == sorted(order)
    assert all(row["grade"] == "measured" for rows in cells.values() for row in rows.values())


def test_a_missing_figure_has_its_reason(material: Material) -> None:
    rows = next(iter(measured_cells(material, ("replay",)).values()))
    absent = figure(material, rows, "none_ms", "p50")
    assert isinstance(absent, Shown)
    assert not absent.known
    assert value(rows, "none_ms", "p50") is None
    assert why(rows, "none_ms", "p50") == "not recorded in this cell"
    assert why(rows, "power_w", "mean") == "energy method none: no meter"
