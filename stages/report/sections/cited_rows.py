"""Every row that a figure of the report leads to."""

from __future__ import annotations

from typing import Any

from stages.report.blocks import Cell, DataTable, Link, Material, Section, Text
from stages.report.formatting import count, day, fragment, plural, quantity, span, words
from stages.report.shown import GRADE_LETTERS, cost_unit, unknown

VALUE_FIELDS = ("value", "score", "p_best", "margin", "rate_rps", "predicted")
WHAT_FIELDS = ("phase", "metric", "statistic", "criterion", "binding_constraint")


def build(material: Material) -> Section:
    """One folded table a source table; must be built last, when every figure has been cited."""
    groups: dict[str, list[tuple[str, dict[str, Any]]]] = {}
    for anchor, (table, row) in material.register.rows.items():
        groups.setdefault(table, []).append((anchor, dict(row)))
    blocks: list[object] = [_table(material, name, cited) for name, cited in sorted(groups.items())]
    lead = (
        "Figures lead here. The row number is the position in the Parquet file, counted from 0; the "
        "tables lie in the folder “tables” beside this report."
    )
    return Section(
        "rows", "Rows behind the figures", "Appendix", lead, blocks or [Text("No row was cited.", "empty")]
    )


def _table(material: Material, name: str, cited: list[tuple[str, dict[str, Any]]]) -> DataTable:
    cited = sorted(cited, key=lambda item: item[1]["_row"])
    lines = [_line(material, row) for _, row in cited]
    _shorten(lines, column=8)
    columns = (
        "Row",
        "Workload",
        "Option",
        "What",
        "Value",
        "Interval",
        "n",
        "Grade",
        "Source and reason",
        "Cell and run",
    )
    kept = [n for n in range(len(columns)) if any(line[n] for line in lines)]
    return DataTable(
        f"{name}.parquet: {plural(len(lines), 'row')} cited",
        [columns[n] for n in kept],
        [[line[n] for n in kept] for line in lines],
        id=f"rows-{name}",
        right=frozenset(i for i, n in enumerate(kept) if n in (0, 4, 6)),
        folded=True,
        anchors=[anchor for anchor, _ in cited],
    )


def _shorten(lines: list[list[Cell]], column: int) -> None:
    """Replaces a text that repeats the row above: figures of one option share a long source."""
    above: Cell = ""
    for line in lines:
        text = line[column]
        if text and text == above:
            line[column] = "as in the row above"
        above = text


def _line(material: Material, row: dict[str, Any]) -> list[Cell]:
    unit = row.get("unit") or cost_unit(str(row.get("metric", "")))
    known = next((row[f] for f in VALUE_FIELDS if row.get(f) is not None), None)
    value: Cell = (
        quantity(known, unit) if known is not None else unknown(str(row.get("reason") or "no value"))
    )
    what = " ".join(words(str(row[f])) for f in WHAT_FIELDS if row.get(f))
    reason = "; ".join(
        str(part)
        for part in (
            row.get("source"),
            row.get("reason"),
            row.get("adjustments"),
            row.get("evidence"),
            "" if row.get("valid", True) else "INVALID",
            day(row["date"]) if row.get("date") else "",
        )
        if part
    )
    return [
        count(row["_row"]),
        row.get("workload") or "",
        row.get("option") or "",
        what,
        value,
        span(row.get("low"), row.get("high"), unit),
        count(row["n"]) if row.get("n") is not None else "",
        f"{GRADE_LETTERS[row['grade']]} {row['grade']}" if row.get("grade") else "",
        reason,
        _origin(material, row),
    ]


def _origin(material: Material, row: dict[str, Any]) -> Cell:
    if not row.get("cell"):
        return str(row.get("run") or "")
    cells = material.tables.grouped("benchmark_cells", "cell").get(row["cell"])
    ran = cells and cells[0]["status"] != "predicted"
    cell: Any = Link(row["cell"], f"#cell-{fragment(row['cell'])}") if ran else row["cell"]
    return [cell, str(row.get("run") or "")]
