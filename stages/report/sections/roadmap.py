"""The four quarters: where each workload stands."""

from __future__ import annotations

from stages.report.blocks import Cell, DataTable, Material, Section, Tag, Text, workload_link
from stages.report.changes import LAST_QUARTER
from stages.report.formatting import quantity, sentence, span
from stages.report.roadmap import (
    QUARTER_AIMS,
    QUARTERS,
    RoadmapFigure,
    quarter_states,
    savings_of,
    total_savings,
)
from stages.report.shown import Shown, unknown

STATE_TAGS = {
    "done": ("done", "good"),
    "in_progress": ("in progress", "warn"),
    "not_started": ("not started", "calm"),
    "failed": ("failed", "bad"),
}


def build(material: Material) -> Section:
    """The programme's aims and every workload's state in each quarter."""
    tables = material.tables
    aims = "; ".join(f"{quarter} — {aim}" for quarter, aim in QUARTER_AIMS.items())
    lead = sentence(f"{aims}. The same is in roadmap.json for other programs.")
    if not tables.workloads:
        return Section(
            "roadmap", "Roadmap", "Operate", lead, [Text("The portfolio holds no workload.", "empty")]
        )
    rows: list[list[Cell]] = []
    for workload in tables.workloads:
        states = {state.quarter: state for state in quarter_states(tables, workload)}
        cells: list[Cell] = [
            [Tag(*STATE_TAGS[states[q].state]), states[q].evidence]  # type: ignore[index]
            for q in QUARTERS
        ]
        decision = tables.row("decisions", workload)
        following = decision["next_step"] if decision else "decide"
        rows.append(
            [workload_link(material, workload), *cells, _saving(savings_of(tables, workload)), following]
        )
    total = total_savings(tables)
    note = "Savings are the best-ranked GPU option's monthly cost less the recommended option's; " + (
        f"in total {quantity(total.usd_per_month, 'usd')} a month {total.reason}."
        if total.usd_per_month is not None
        else f"there is no total: {total.reason}."
    )
    columns = ("Workload", *QUARTERS, "Saved a month", "Next")
    table = DataTable("State of each workload", columns, rows, right=frozenset({5}), note=note)
    return Section("roadmap", "Roadmap", "Operate", lead, [table, _changed(material)])


def _changed(material: Material) -> DataTable | Text:
    changes = material.changes
    if changes is None:
        return Text(
            "What changed since last quarter cannot be told yet: keep this quarter's roadmap.json in the "
            f"portfolio as {LAST_QUARTER}, and the next report compares.",
            "note",
        )
    if not changes.rows:
        return Text(f"Nothing notable changed since {changes.quarter}.")
    rows = [
        [
            workload_link(material, c.workload) if c.workload in material.tables.workloads else c.workload,
            c.what,
            c.before,
            c.after,
        ]
        for c in changes.rows
    ]
    columns = ("Workload", "What", "Before", "Now")
    return DataTable(f"What changed since {changes.quarter}", columns, rows, id="changed")


def _saving(figure: RoadmapFigure) -> Cell:
    if figure.value is None:
        return unknown(figure.reason)
    return Shown(
        quantity(figure.value, "usd"),
        span(figure.low, figure.high, "usd"),
        figure.grade or "",
        why=figure.source,
    )
