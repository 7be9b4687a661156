"""Which accelerators can serve which workload, and what stands in the way."""

from __future__ import annotations

from collections import Counter
from typing import Any

import polars as pl

from stages.report.blocks import Cell, DataTable, Heading, Material, Section, Tag, Text, workload_link
from stages.report.formatting import count, number, percent, plural, quantity, words
from stages.report.lookup import CLASS_TITLES
from stages.report.shown import Shown, unknown


def build(material: Material) -> Section:
    """The matrix, the families behind it, and the nearest misses."""
    tables = material.tables
    if tables["candidates"].is_empty():
        blocks: list[object] = [Text("No option was weighed for any workload.", "empty")]
        return Section("fit", "What fits where", "Compare", "", blocks)
    classes = [c for c in CLASS_TITLES if c in set(tables["candidates"]["accelerator_class"].to_list())]
    matrix = [
        [workload_link(material, w), *(_class_cell(material, w, c) for c in classes)]
        for w in tables.workloads
    ]
    blocks = [
        DataTable(
            "Feasible options of all that were weighed, with the constraint that leaves least room",
            ("Workload", *(CLASS_TITLES[c] for c in classes)),
            matrix,
            note="An option is an accelerator, a count and a precision. “0 of 9: memory” means that none of "
            "nine fits and that memory is what most of them lack.",
        ),
        Heading("By accelerator family", "fit-families"),
        Text("The last column is the option's row in candidates.parquet, counted from 0.", "note"),
        *[_families(material, w) for w in tables.workloads if tables.rows("candidates", w)],
        Heading("Rejected, and by how much", "rejected"),
        Text(
            "Accelerators of which no configuration fits. For each, the configuration that comes nearest, "
            "the constraint that it breaks by most, and how far short it falls."
        ),
        *[_rejected(material, w) for w in tables.workloads if tables.rows("candidates", w)],
    ]
    lead = (
        "Hardware mapping before any benchmark: memory, bandwidth, compute, precision, interconnect, runtime."
    )
    return Section("fit", "What fits where", "Compare", lead, blocks)


def _class_cell(material: Material, workload: str, class_: str) -> Cell:
    rows = [r for r in material.tables.rows("candidates", workload) if r["accelerator_class"] == class_]
    if not rows:
        return unknown("no option of this class was weighed")
    fitting = [r for r in rows if r["feasible"]]
    binding = Counter(r["binding_constraint"] for r in (fitting or rows)).most_common()
    top = min(binding, key=lambda item: (-item[1], item[0]))[0]
    tone = "good" if fitting else "bad"
    return [Tag(f"{len(fitting)} of {len(rows)}", tone), words(top)]


def _families(material: Material, workload: str) -> DataTable:
    tables = material.tables
    family = dict(zip(tables["accelerators"]["accelerator"], tables["accelerators"]["family"], strict=True))
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in tables.rows("candidates", workload):
        name = family.get(row["accelerator"]) or (
            "targets reached from here" if row["option_kind"] == "target" else ""
        )
        groups.setdefault((row["accelerator_class"], name), []).append(row)
    order = list(CLASS_TITLES)
    lines: list[list[Cell]] = []
    for (class_, name), rows in sorted(groups.items(), key=lambda g: (order.index(g[0][0]), g[0][1])):
        fitting = [r for r in rows if r["feasible"]]
        best = max(fitting or rows, key=lambda r: (_room(r), r["option"]))
        lines.append(
            [
                name or unknown("the catalogue gives no family"),
                CLASS_TITLES[class_],
                Tag(f"{len(fitting)} of {len(rows)}", "good" if fitting else "bad"),
                best["option"],
                words(best["binding_constraint"]),
                _margin(best),
                count(best["_row"]),
            ]
        )
    feasible = sum(r["feasible"] for r in tables.rows("candidates", workload))
    return DataTable(
        f"{tables.title(workload)}: {plural(feasible, 'feasible option')} in "
        f"{plural(len(groups), 'family', 'families')}",
        ("Family", "Class", "Feasible", "Roomiest option", "Binding constraint", "Room", "Row"),
        lines,
        right=frozenset({5, 6}),
        folded=True,
    )


def _rejected(material: Material, workload: str) -> DataTable:
    tables = material.tables
    by_accelerator: dict[str, list[dict[str, Any]]] = {}
    for row in tables.rows("candidates", workload):
        by_accelerator.setdefault(row["accelerator"] or row["option"], []).append(row)
    broken_here = tables["constraints"].filter(
        (pl.col("workload") == workload) & (pl.col("verdict") == "fail")
    )
    constraints = {(r["option"], r["constraint"]): r for r in broken_here.iter_rows(named=True)}
    lines: list[list[Cell]] = []
    for name, rows in sorted(by_accelerator.items()):
        if any(r["feasible"] for r in rows):
            continue
        nearest = max(rows, key=lambda r: (_room(r), r["option"]))
        broken = constraints.get((nearest["option"], nearest["binding_constraint"]))
        lines.append(
            [
                name,
                nearest["option"],
                words(nearest["binding_constraint"]),
                quantity(broken["required"], broken["unit"]) if broken else unknown("no constraint row"),
                quantity(broken["available"], broken["unit"]) if broken else unknown("no constraint row"),
                _margin(nearest),
                nearest["reason"],
                count(nearest["_row"]),
            ]
        )
    return DataTable(
        f"{tables.title(workload)}: {plural(len(lines), 'accelerator')} rejected",
        (
            "Accelerator",
            "Nearest configuration",
            "Constraint",
            "Required",
            "Available",
            "Short by",
            "Reason",
            "Row",
        ),
        lines,
        right=frozenset({3, 4, 5, 7}),
        folded=True,
    )


def _room(row: dict[str, Any]) -> float:
    return float("-inf") if row["margin"] is None else float(row["margin"])


def _margin(row: dict[str, Any]) -> Shown:
    if row["margin"] is None:
        return unknown(row["reason"] or "the margin is not a number for this constraint")
    text = f"{number(row['margin'] + 1)} ×" if row["margin"] > 9 else percent(row["margin"])
    return Shown(text, grade="predicted")
