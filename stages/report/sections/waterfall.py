"""Total cost of ownership of each recommendation as a waterfall: what dominates."""

from __future__ import annotations

from typing import Any

from stages.report.blocks import Charts, Heading, Material, Text
from stages.report.charts.drawing import Chart
from stages.report.charts.waterfall import Step, waterfall
from stages.report.formatting import money, percent, span, words
from stages.report.shown import Shown

Rows = dict[tuple[str, str], dict[str, dict[str, Any]]]


def blocks(material: Material) -> list[object]:
    """One chart a workload with a known total."""
    charts = [found for w in material.tables.workloads if (found := _chart(material, w)) is not None]
    if not charts:
        return []
    text = (
        "Every cost line of the recommended option over the horizon, the largest first, paid for in the "
        "cheapest way that the rules allow. Whiskers are 95 % intervals."
    )
    return [Heading("Total cost of ownership", "waterfall"), Text(text), Charts(charts)]


def _chart(material: Material, workload: str) -> Chart | None:
    option = (material.tables.row("decisions", workload) or {}).get("option")
    variants: dict[str, dict[str, dict[str, Any]]] = {}
    for row in material.tables.rows("tco", workload):
        if row["option"] == option and row["allowed"]:
            variants.setdefault(row["variant"], {})[row["line"]] = row
    known = {v: lines for v, lines in variants.items() if (lines.get("total") or {}).get("usd") is not None}
    if not known:
        return None
    variant = min(known, key=lambda v: (known[v]["total"]["usd"], v))
    total = known[variant]["total"]
    parts = [r for r in known[variant].values() if r["line"] != "total" and r["usd"]]
    parts.sort(key=lambda r: (-r["usd"], r["line"]))
    if not parts:
        return None
    steps = [Step(words(r["line"]), r["usd"], r["low"], r["high"]) for r in parts]
    steps.append(Step("total", total["usd"], total["low"], total["high"], total=True))
    rows = [_figures(material, row) for row in [*parts, total]]
    first = parts[0]
    share, whole = percent(first["share"]), money(total["usd"])
    description = f"{option}, {words(variant)}: {words(first['line'])} is {share} of {whole}."
    columns = ("Line", "USD", "Share", "Source")
    title = material.tables.title(workload)
    id_ = f"waterfall-{workload}"
    return waterfall(
        id_, title, description, steps, axis_title="USD over the horizon", columns=columns, rows=rows
    )


def _figures(material: Material, row: dict[str, Any]) -> tuple[Any, ...]:
    shown = Shown(
        money(row["usd"]), span(row["low"], row["high"], "usd"), row["grade"],
        why=row["as_of"], href=material.register.cite("tco", row),
    )  # fmt: skip
    return words(row["line"]), shown, percent(row["share"]), row["source"]
