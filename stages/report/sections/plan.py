"""The portfolio as pools of capacity, and what it costs against GPUs alone."""

from __future__ import annotations

from typing import Any

from stages.report.blocks import Cell, DataTable, Heading, Material, Text
from stages.report.formatting import money, number, span, words
from stages.report.shown import Shown, unknown

TITLES = {"recommended": "as recommended", "all_gpu": "on GPUs only"}
READING = (
    "Needed is what the traffic takes; paid for are whole instances, alone or shared by workloads that may. "
    "Capacity for spills is what a pool must be able to add when another fails; it is not in the costs."
)


def blocks(material: Material) -> list[object]:
    """The comparison in a sentence, the recommended pools, and the GPU pools folded away."""
    rows = list(material.tables["plan"].iter_rows(named=True))
    if not any(row["pool"] != "total" for row in rows):
        return []
    totals = {row["plan"]: row for row in rows if row["pool"] == "total"}
    tables = [_table(material, rows, plan) for plan in TITLES]
    return [
        Heading("Plan for the portfolio", "plan"),
        Text(_compared(totals)),
        Text(READING, "note"),
        *tables,
    ]


def _compared(totals: dict[str, dict[str, Any]]) -> str:
    parts = []
    for plan, title in TITLES.items():
        if plan in totals:
            row = totals[plan]
            gap = f" ({row['reason']})" if row["reason"] else ""
            cost = f"{money(row['usd_per_month'])} a month ({span(row['low'], row['high'], 'usd')})"
            parts.append(f"{title[0].upper()}{title[1:]}: {cost}{gap}.")
    own, gpus = totals.get("recommended"), totals.get("all_gpu")
    if (
        own
        and gpus
        and own["usd_per_month"] == gpus["usd_per_month"]
        and own["workloads"] == gpus["workloads"]
    ):
        parts.append("Every recommendation is a GPU, so the two are the same.")
    if own is not None and own["usd_saved_by_sharing"] > 0:
        parts.append(f"Sharing instances would save {money(own['usd_saved_by_sharing'])} of that.")
    return " ".join(parts)


def _table(material: Material, rows: list[dict[str, Any]], plan: str) -> DataTable:
    mine = [row for row in rows if row["plan"] == plan]
    columns = (
        "Pool", "Where", "Workloads", "May share", "Needed", "Paid alone", "Paid when shared", "For spills",
        "Spills from", "USD a month", "Why not shared",
    )  # fmt: skip
    lines = [_line(material, row) for row in mine]
    right = frozenset({4, 5, 6, 7, 9})
    return DataTable(
        f"Pools {TITLES[plan]}, in accelerators", columns, lines, right=right, folded=plan != "recommended"
    )


def _line(material: Material, row: dict[str, Any]) -> list[Cell]:
    total = row["pool"] == "total"
    where = (
        ""
        if total
        else f"{words(row['environment'])}, {row['provider']} {row['region']}, {words(row['price_model'])}"
    )
    cost = Shown(
        money(row["usd_per_month"]), span(row["low"], row["high"], "usd"), "declared",
        href=material.register.cite("plan", row),
    )  # fmt: skip
    return [
        "total" if total else str(row["accelerator"]), where,
        row["workloads"] or unknown("kept for spills only"), row["sharing"],
        number(row["accelerators_needed"]), number(row["accelerators_alone"]),
        number(row["accelerators_shared"]), number(row["accelerators_for_fallback"]), row["spills_here"],
        cost, row["reason"],
    ]  # fmt: skip
