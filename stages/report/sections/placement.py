"""Where each choice goes, where its traffic spills to, and what the rules refused."""

from __future__ import annotations

from stages.report.blocks import Cell, DataTable, Material, Section, Tag, Text, workload_link
from stages.report.formatting import count, words
from stages.report.sections import plan
from stages.report.shown import Row, unknown

OUTCOME_TONES = {"deny": "bad", "error": "bad", "warn": "warn", "prefer": "good", "pass": "calm"}


def build(material: Material) -> Section:
    """One row a workload, then every rule that decided something."""
    tables = material.tables
    lead = (
        "Rules on data, region, latency and how stable the model is. An error in a rule counts as a refusal."
    )
    rows: list[list[Cell]] = [
        [
            workload_link(material, r["workload"]),
            r["option"] or unknown("nothing is recommended, so nothing is placed"),
            *_where(r),
            r["reason"],
            r["fallback_option"] or unknown(r["fallback_reason"] or "no fallback"),
            r["fallback_reason"],
        ]
        for workload in tables.workloads
        for r in tables.rows("placements", workload)
    ]
    if not rows:
        return Section("placement", "Placement", "Decide", lead, [Text("Nothing was placed.", "empty")])
    columns = ("Workload", "Option", "Where", "Rule", "Reason", "Fallback", "Why this fallback")
    return Section(
        "placement",
        "Placement",
        "Decide",
        lead,
        [DataTable("Placement and fallback", columns, rows), *plan.blocks(material), *_rules(material)],
    )


def _where(row: Row) -> list[Cell]:
    """Place and rule; nothing is said of what is not placed."""
    if not row["option"]:
        nowhere = unknown("nothing is placed")
        return [nowhere, nowhere]
    return [f"{words(row['environment'])}, {row['region']}", row["rule"]]


def _rules(material: Material) -> list[DataTable]:
    """Outcomes other than a plain pass, with the number of options and offers that they decided."""
    rows: list[list[Cell]] = [
        [
            workload_link(material, workload),
            r["rule"],
            Tag(r["outcome"], OUTCOME_TONES[r["outcome"]]),
            count(r["cases"]),
            r["detail"],
        ]
        for workload in material.tables.workloads
        for r in material.tables.rows("policy_verdicts", workload)
        if r["outcome"] != "pass"
    ]
    if not rows:
        return []
    columns = ("Workload", "Rule", "Outcome", "Cases", "Detail")
    return [DataTable("What the rules decided", columns, rows, right=frozenset({3}), folded=True)]
