"""Measured rows by cell: what the pages on load, stack and instrument look figures up in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from stages.report.blocks import Cell, Material
from stages.report.formatting import quantity
from stages.report.shown import show_measurement, unknown

Row = dict[str, Any]
Key = tuple[str, str]
By = dict[tuple[str, str], Row]


def measured_cells(material: Material, phases: Iterable[str]) -> dict[Key, By]:
    """Rows by (metric, statistic) of every (workload, option), in the portfolio's order, options sorted."""
    wanted = frozenset(phases)
    found: dict[Key, By] = {}
    for workload in material.tables.workloads:
        mine: dict[str, By] = {}
        for row in material.tables.rows("measurements", workload):
            if row["grade"] == "measured" and row["phase"] in wanted:
                mine.setdefault(row["option"], {})[row["metric"], row["statistic"]] = row
        found |= {(workload, option): mine[option] for option in sorted(mine)}
    return found


def figure(material: Material, rows: By, metric: str, statistic: str) -> Cell:
    """The figure as shown, or a dash with the reason."""
    row = rows.get((metric, statistic))
    if row is None:
        return unknown("not recorded in this cell")
    return show_measurement(row, material.register) if row["value"] is not None else unknown(row["reason"])


def plain(rows: By, metric: str, statistic: str) -> Cell:
    """The figure without its evidence, for data beside a table that has it; a dash with the reason."""
    row = rows.get((metric, statistic))
    if row is None or row["value"] is None:
        return unknown(why(rows, metric, statistic))
    return quantity(row["value"], row["unit"])


def value(rows: By, metric: str, statistic: str) -> float | None:
    """The bare value, None where it is not known."""
    row = rows.get((metric, statistic))
    return None if row is None else row["value"]


def why(rows: By, metric: str, statistic: str) -> str:
    """The row's reason, or its source where it has a value."""
    row = rows.get((metric, statistic))
    if row is None:
        return "not recorded in this cell"
    return str(row["reason"] if row["value"] is None else row["source"])
