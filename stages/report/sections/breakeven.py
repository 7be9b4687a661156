"""Where each choice flips: price, volume, utilisation, quality and people's work against today."""

from __future__ import annotations

from typing import Any

from stages.report.blocks import Cell, Charts, DataTable, Material, Section, Text, workload_link
from stages.report.charts.drawing import Chart
from stages.report.charts.intervals import Dot, interval_chart
from stages.report.charts.lines import Axes, Series, line_chart
from stages.report.formatting import number, words
from stages.report.lookup import FLIP_TITLES, flip_unit
from stages.report.shown import Shown, unknown

LINES_EACH = 2
"""Conditions of a workload drawn as lines, the nearest; the dots and the table hold all."""


def build(material: Material) -> Section:
    """One chart a workload with a flip, then every condition."""
    lead = (
        "Where another device takes the lead. The lines are scores as one figure moves, all else as today:"
        " where they cross, the choice flips. The dots hold every such point together: 1 is today, 2 twice"
        " today's figure. A dot near 1 is a decision to keep an eye on; the nightly watch reopens it."
    )
    rows = [row for w in material.tables.workloads for row in material.tables.rows("flips", w)]
    if not rows:
        text = "No condition is known under which a choice flips."
        return Section("break-even", "Break-even", "Compare", lead, [Text(text, "empty")])
    charts = [
        chart
        for w in material.tables.workloads
        for chart in (*_line_charts(material, w), _chart(material, w))
        if chart is not None
    ]
    columns = ("Workload", "What changes", "Today", "Flips at", "Times today", "Rival")
    lines = [
        _line(material, row)
        for row in sorted(rows, key=lambda r: (r["distance"] is None, r["distance"] or 0))
    ]
    table = DataTable(
        "Every flip condition, the nearest first",
        columns,
        lines,
        right=frozenset({2, 3, 4}),
        folded=bool(charts),
    )
    return Section(
        "break-even", "Break-even", "Compare", lead, [*([Charts(charts)] if charts else []), table]
    )


def _chart(material: Material, workload: str) -> Chart | None:
    known = [row for row in material.tables.rows("flips", workload) if row["factor"] is not None]
    if not known:
        return None
    known.sort(key=lambda row: (row["distance"], row["kind"]))
    dots = [
        Dot(words(row["kind"]), row["factor"], min(1.0, row["factor"]), max(1.0, row["factor"]), "predicted",
            emphasis=row is known[0], note=f"× {number(row['factor'])}")
        for row in known
    ]  # fmt: skip
    first = known[0]
    description = (
        f"Nearest: {words(first['kind'])} at {number(first['factor'])} times today's puts "
        f"{first['rival'] or 'another option'} level with {first['option']}."
    )
    rows = [
        (words(r["kind"]), _figure(material, r, "today"), _figure(material, r, "flips_at"), r["rival"])
        for r in known
    ]
    return interval_chart(
        f"flips-{workload}", material.tables.title(workload), description, dots,
        axis_title="times today's figure", columns=("What changes", "Today", "Flips at", "Rival"), rows=rows,
        log=True, limit=1.0,
    )  # fmt: skip


def _line_charts(material: Material, workload: str) -> list[Chart]:
    """The crossing scores of the workload's nearest conditions."""
    known = [row for row in material.tables.rows("flips", workload) if row["factor"] is not None]
    known.sort(key=lambda row: (row["distance"], row["kind"]))
    points = material.tables.rows("flip_lines", workload)
    return [
        _crossing(material, flip, [p for p in points if p["kind"] == flip["kind"]])
        for flip in known[:LINES_EACH]
    ]


def _crossing(material: Material, flip: dict[str, Any], points: list[dict[str, Any]]) -> Chart:
    options = list(dict.fromkeys(point["option"] for point in points))
    series = [
        Series(
            option,
            [(p["value"], p["score"]) for p in points if p["option"] == option and p["score"] is not None],
        )
        for option in options
    ]
    kind, at = words(flip["kind"]), number(flip["flips_at"])
    what = FLIP_TITLES[flip["kind"]]
    description = (
        f"{flip['rival'] or 'Another option'} overtakes {flip['option']} when {what} goes from"
        f" {number(flip['today'])} to {at}{flip_unit(flip)}."
    )
    rows = [(p["option"], number(p["value"]), number(p["score"])) for p in points]
    return line_chart(
        f"crossing-{flip['workload']}-{flip['kind']}",
        f"{material.tables.title(flip['workload'])}: {kind}",
        description,
        series,
        Axes(flip["unit"], "score", x_log=True, y_zero=False),
        columns=("Option", flip["unit"], "Score"),
        rows=rows,
        marks=[(flip["today"], "today"), (flip["flips_at"], "flips")],
    )


def _line(material: Material, row: dict[str, Any]) -> list[Cell]:
    flips: Cell = unknown(row["reason"]) if row["flips_at"] is None else _figure(material, row, "flips_at")
    today: Cell = unknown(row["reason"]) if row["today"] is None else _figure(material, row, "today")
    return [
        workload_link(material, row["workload"]), f"{words(row['kind'])} ({row['key']})", today, flips,
        number(row["factor"]), row["rival"] or "",
    ]  # fmt: skip


def _figure(material: Material, row: dict[str, Any], name: str) -> Shown:
    return Shown(f"{number(row[name])} {row['unit']}", href=material.register.cite("flips", row))
