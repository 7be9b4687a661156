"""What useful output costs; inference and training are never in one table."""

from __future__ import annotations

from typing import Any

from stages.report.blocks import Cell, DataTable, Material, Section, Tag, Text, workload_link
from stages.report.formatting import words
from stages.report.lookup import COST_TITLES, costs_by_option, leading_cost_metric, workload_phase
from stages.report.sections import billed, waterfall
from stages.report.shown import show_cost, unknown

PARTED = ("usd_per_month", "usd_per_trained_step")
"""Costs whose parts are told under the same name with the part added."""


def build(material: Material) -> Section:
    """One table for inference and one for training."""
    blocks: list[object] = []
    for phase in ("inference", "training"):
        blocks.append(_table(material, phase))
        blocks += _month(material, phase)
    blocks += waterfall.blocks(material)
    blocks += billed.blocks(material)
    lead = (
        "All in US dollars before tax. Failures, retries and missed latency limits raise the cost of a "
        "successful action. Every option that was priced stands in costs.parquet."
    )
    return Section("costs", "Costs", "Compare", lead, blocks)


def _table(material: Material, phase: str) -> DataTable | Text:
    tables = material.tables
    costs = tables["costs"]
    if costs.filter(costs["phase"] == phase).is_empty():
        return Text(f"No cost of {phase} is known.", "empty")
    rows: list[list[Cell]] = []
    present = {m for m in costs.filter(costs["phase"] == phase)["metric"].to_list() if not _is_part(m)}
    metrics = [m for m in COST_TITLES if m in present] + sorted(present - set(COST_TITLES))
    caption = f"Cost of {phase}: the recommended option, the runner-up, the cheapest others"
    for workload in tables.workloads:
        if workload_phase(tables, workload) == phase:
            rows += _workload_rows(material, workload, metrics)
    columns = ("Workload", "Option", "Standing", *(COST_TITLES.get(m, words(m)) for m in metrics))
    return DataTable(caption, columns, rows, id=f"costs-{phase}", right=frozenset(range(3, len(columns))))


def _is_part(metric: str) -> bool:
    """Whether the metric is a part of another one: `usd_per_month_power` of `usd_per_month`."""
    return any(metric.startswith(f"{whole}_") for whole in COST_TITLES if whole in PARTED)


def _month(material: Material, phase: str) -> list[DataTable]:
    """What the recommended option's cost is made of, a row a workload."""
    tables = material.tables
    parts: dict[str, dict[str, dict[str, Any]]] = {}
    for workload in tables.workloads:
        option = (tables.row("decisions", workload) or {}).get("option")
        if option and workload_phase(tables, workload) == phase:
            rows = costs_by_option(tables, workload).get(option, {})
            parts[workload] = {m: r for m, r in rows.items() if _is_part(m)}
    names = sorted({name for rows in parts.values() for name in rows})
    if not names:
        return []
    lines: list[list[Cell]] = [
        [workload_link(material, w), *(_figure(material, rows.get(n)) for n in names)]
        for w, rows in parts.items()
    ]
    titles = [words(name.removeprefix("usd_per_month_").removeprefix("usd_per_")) for name in names]
    caption = f"What the cost of {phase} is made of, for the recommended options"
    right = frozenset(range(1, 1 + len(names)))
    return [DataTable(caption, ("Workload", *titles), lines, right=right, folded=True)]


def _workload_rows(material: Material, workload: str, metrics: list[str]) -> list[list[Cell]]:
    tables = material.tables
    by_option = costs_by_option(tables, workload)
    lead = leading_cost_metric(tables, workload)
    decision = tables.row("decisions", workload) or {}
    vetoed = {r["option"] for r in tables.rows("ranking", workload) if r["vetoed"]}
    standing = {
        decision.get("runner_up"): Tag("runner-up"),
        decision.get("option"): Tag("recommended", "good"),
    }

    def key(option: str) -> tuple[Any, ...]:
        value = (by_option[option].get(lead or "") or {}).get("value")
        placed = {decision.get("option"): 0, decision.get("runner_up"): 1}.get(option, 2)
        return placed, option in vetoed, value is None, value or 0.0, option

    rows: list[list[Cell]] = []
    for option in sorted(by_option, key=key)[: material.options_per_table]:
        mark: Cell = standing.get(option) or (Tag("vetoed", "bad") if option in vetoed else "")
        figures = [_figure(material, by_option[option].get(metric)) for metric in metrics]
        rows.append([workload_link(material, workload), option, mark, *figures])
    return rows


def _figure(material: Material, row: dict[str, Any] | None) -> Cell:
    if row is None:
        return unknown("this metric was not computed for the option")
    if row["value"] is None:
        return unknown(row["reason"])
    return show_cost(row, material.register)
