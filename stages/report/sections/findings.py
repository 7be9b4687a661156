"""What the stages noticed and could not settle themselves."""

from __future__ import annotations

from typing import Any

from stages.report.blocks import Cell, DataTable, Material, Section, Tag, Text, workload_link
from stages.report.formatting import plural, words

SEVERITIES = ("error", "warning", "info")
TONES = {"error": "bad", "warning": "warn", "info": "calm"}


def build(material: Material) -> Section:
    """One table a severity; remarks are folded away."""
    rows = [
        row
        for name in ("collect_findings", "classify_findings")
        for row in material.tables[name].iter_rows(named=True)
    ]
    lead = "Contradictions, gaps and what could not be matched, with what to do about each."
    if not rows:
        return Section(
            "findings", "Findings", "Operate", lead, [Text("Nothing was found to remark on.", "empty")]
        )
    blocks = []
    for severity in SEVERITIES:
        chosen = [_line(material, row) for row in rows if row["severity"] == severity]
        if chosen:
            columns = ("Severity", "Stage", "About", "Finding", "Detail", "What to do")
            name = {"error": "error", "warning": "warning", "info": "remark"}[severity]
            blocks.append(DataTable(plural(len(chosen), name), columns, chosen, folded=severity == "info"))
    return Section("findings", "Findings", "Operate", lead, blocks)


def _line(material: Material, row: dict[str, Any]) -> list[Cell]:
    subject: Cell = (
        workload_link(material, row["subject"])
        if row["subject"] in material.tables.workloads
        else f"{words(row['subject_kind'])} {row['subject']}"
    )
    return [
        Tag(row["severity"], TONES[row["severity"]]),
        row["stage"],
        subject,
        words(row["finding"]),
        row["detail"],
        row["remedy"],
    ]
