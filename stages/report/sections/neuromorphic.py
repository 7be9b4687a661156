"""The gate that says when an event-driven chip makes sense, and why not elsewhere."""

from __future__ import annotations

from stages.report.blocks import Cell, DataTable, Material, Section, Tag, Text, workload_link
from stages.report.formatting import words


def build(material: Material) -> Section:
    """One row a workload: the answer, and the criteria that it fails."""
    tables = material.tables
    lead = (
        "Yes only for always-on, event-driven, power-bound work on a stable model. A yes opens a pilot "
        "against a low-power baseline, not a purchase."
    )
    rows: list[list[Cell]] = []
    criteria: list[list[Cell]] = []
    for workload in tables.workloads:
        gate = tables.rows("neuromorphic_gate", workload)
        if not gate:
            continue
        yes = gate[0]["verdict"] == "yes"
        telling = [r for r in gate if r["met"] == yes]
        reasons = "; ".join(f"{words(r['criterion'])}: {r['evidence']}" for r in telling)
        met = sum(r["met"] for r in gate)
        answer = Tag("pilot", "good") if yes else Tag("no", "calm")
        rows.append([workload_link(material, workload), answer, f"{met} of {len(gate)}", reasons])
        criteria += [
            [
                workload,
                words(r["criterion"]),
                Tag("met", "good") if r["met"] else Tag("not met", "calm"),
                r["evidence"],
            ]
            for r in gate
        ]
    if not rows:
        empty = Text("The gate was not evaluated.", "empty")
        return Section("neuromorphic", "Neuromorphic gate", "Evidence", lead, [empty])
    blocks = [
        DataTable("The gate's answer", ("Workload", "Answer", "Criteria met", "Why"), rows),
        DataTable("Every criterion", ("Workload", "Criterion", "Met", "Evidence"), criteria, folded=True),
    ]
    return Section("neuromorphic", "Neuromorphic gate", "Evidence", lead, blocks)
