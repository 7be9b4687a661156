"""What was billed beside what was predicted; nothing where the portfolio declares no bill."""

from __future__ import annotations

import math
from typing import Any

from stages.report.blocks import Cell, DataTable, Heading, Material, Tag, Text, workload_link
from stages.report.formatting import count, money, number, percent, span, words
from stages.report.shown import Shown, unknown

TONES = {"within": "good", "above": "bad", "below": "warn"}


def blocks(material: Material) -> list[object]:
    """A heading, the share that nobody owns, and one row a workload, month and line."""
    rows = list(material.tables["billed"].iter_rows(named=True))
    if not rows:
        return []
    use = [row for row in rows if row["line"] not in ("tax", "credit", "commitment")]
    whole = math.fsum(abs(row["effective_usd"]) for row in use)
    lost = math.fsum(abs(row["effective_usd"]) for row in use if row["workload"] is None)
    text = "Predictions are scaled to the hours of the month that the export covers. "
    text += f"{percent(lost / whole)} of the cost of use belongs to no workload." if whole > 0 else ""
    columns = (
        "Workload", "Option", "Month", "Line", "Billed", "Effective", "Predicted", "Effective ÷ predicted",
        "Verdict", "Charges",
    )  # fmt: skip
    lines = [_line(material, row) for row in rows]
    caption = "Billed and predicted, USD"
    right = frozenset({4, 5, 6, 7, 9})
    return [Heading("What was billed", "billed"), Text(text), DataTable(caption, columns, lines, right=right)]


def _line(material: Material, row: dict[str, Any]) -> list[Cell]:
    name = row["workload"]
    predicted: Cell = (
        unknown(row["reason"])
        if row["predicted_usd"] is None
        else Shown(money(row["predicted_usd"]), span(row["low"], row["high"], "usd"), grade="predicted")
    )
    anchor = material.register.cite("billed", row)
    return [
        workload_link(material, name) if name else Tag("unmatched", "warn", row["reason"]),
        row["option"] or unknown(row["reason"]),
        row["period"],
        words(row["line"]),
        Shown(money(row["billed_usd"]), href=anchor),
        Shown(money(row["effective_usd"]), href=anchor),
        predicted,
        number(row["ratio"]),
        Tag(words(row["verdict"]), TONES.get(row["verdict"], "calm"), row["reason"]),
        count(row["charges"]),
    ]
