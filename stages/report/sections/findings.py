"""What the stages noticed and could not settle themselves."""

from __future__ import annotations

from typing import Any

from stages.report.blocks import Cell, DataTable, Material, Section, Tag, Text, workload_link
from stages.report.formatting import plural, words

SEVERITIES = ("error", "warning", "info")
MANY = 4
"""More findings of one kind than this share a line; the table holds each."""
TONES = {"error": "bad", "warning": "warn", "info": "calm"}


def build(material: Material) -> Section:
    """One table a severity; remarks are folded away."""
    rows = [
        row
        for name in ("collect_findings", "classify_findings", "benchmark_findings", "score_findings")
        for row in material.tables[name].iter_rows(named=True)
    ]
    lead = "Contradictions, gaps and what could not be matched, with what to do about each."
    if not rows:
        return Section(
            "findings", "Findings", "Operate", lead, [Text("Nothing was found to remark on.", "empty")]
        )
    blocks = []
    for severity in SEVERITIES:
        found = [row for row in rows if row["severity"] == severity]
        chosen = [line for group in _alike(found) for line in _lines(material, group)]
        if chosen:
            columns = ("Severity", "Stage", "About", "Finding", "Detail", "What to do")
            name = {"error": "error", "warning": "warning", "info": "remark"}[severity]
            blocks.append(DataTable(plural(len(found), name), columns, chosen, folded=severity == "info"))
    return Section("findings", "Findings", "Operate", lead, blocks)


def _alike(rows: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Findings of one kind together, in the order in which the kinds first appear."""
    groups: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault((row["stage"], row["subject_kind"], row["finding"], row["remedy"]), []).append(row)
    return list(groups.values())


def _lines(material: Material, group: list[dict[str, Any]]) -> list[list[Cell]]:
    """One line each, or one line for all when there are many of a kind."""
    if len(group) <= MANY:
        return [_line(material, row) for row in group]
    line = _line(material, group[0])
    names = ", ".join(row["subject"] for row in group[:3])
    line[2] = f"{plural(len(group), words(group[0]['subject_kind']))}: {names}, …"
    line[4] = f"for example: {group[0]['detail']}"
    return [line]


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
