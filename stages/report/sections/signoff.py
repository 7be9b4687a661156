"""Who has signed what, and the gates that security answers for."""

from __future__ import annotations

from typing import Any

from stages.report.blocks import Cell, DataTable, Material, Section, Tag, Text, workload_link
from stages.report.formatting import words

VERDICTS = {"approved": "good", "rejected": "bad", "awaiting": "calm"}
STATES = {"met": "good", "open": "warn", "expired": "bad", "failed": "bad"}


def build(material: Material) -> Section:
    """The sheets by role, then each recommendation's gates."""
    lead = (
        "A decision holds once all four roles have approved it. A signature covers one digest: when the "
        "decision or its evidence changes, the sheet waits again. An expired gate blocks security's approval."
    )
    sheets: dict[str, dict[str, dict[str, Any]]] = {}
    for row in material.tables["sign_offs"].iter_rows(named=True):
        sheets.setdefault(row["workload"], {})[row["role"]] = row
    if not sheets:
        return Section("sign-off", "Sign-off", "Decide", lead, [Text("There is nothing to sign.", "empty")])
    roles = list(next(iter(sheets.values())))
    rows: list[list[Cell]] = [
        [workload_link(material, name), *(_sheet(held.get(role)) for role in roles)]
        for name, held in sheets.items()
    ]
    table = DataTable("Sheets", ("Workload", *map(words, roles)), rows)
    return Section("sign-off", "Sign-off", "Decide", lead, [table, *_gates(material)])


def _sheet(row: dict[str, Any] | None) -> Cell:
    if row is None:
        return ""
    who = f"{row['signed_by']} on {row['signed_on']}; " if row["signed_by"] else ""
    return Tag(
        row["verdict"], VERDICTS[row["verdict"]], f"{who}{row['comment'] or 'digest ' + row['digest'][:12]}"
    )


def _gates(material: Material) -> list[object]:
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for row in material.tables["security_gates"].iter_rows(named=True):
        found.setdefault(row["workload"], {})[row["gate"]] = row
    if not found:
        return []
    names = list(next(iter(found.values())))
    rows: list[list[Cell]] = [
        [workload_link(material, workload), *(_gate(held.get(name)) for name in names)]
        for workload, held in found.items()
    ]
    text = (
        "Evidence is declared in governance.yaml, ends of support come from the catalogue. "
        "Open: nothing shows that the gate is passed."
    )
    return [
        Text(text),
        DataTable("Security gates of the recommendations", ("Workload", *map(words, names)), rows),
    ]


def _gate(row: dict[str, Any] | None) -> Cell:
    return "" if row is None else Tag(_until(row), STATES[row["state"]], _why(row))


def _until(row: dict[str, Any]) -> str:
    return (
        f"{row['state']} until {row['expires']}"
        if row["state"] == "met" and row["expires"]
        else str(row["state"])
    )


def _why(row: dict[str, Any]) -> str:
    return "; ".join(filter(None, (row["reason"], row["evidence"], row["by"])))
