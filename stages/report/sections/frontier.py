"""Cost against latency, a small chart a workload."""

from __future__ import annotations

from typing import Any, NamedTuple

from stages.report.blocks import Charts, Material, Section, Text
from stages.report.charts.drawing import Chart, no_chart
from stages.report.charts.frontier import Point, frontier_chart
from stages.report.formatting import words
from stages.report.lookup import (
    COST_TITLES,
    best_measurement,
    costs_by_option,
    latency_question,
    latency_targets,
    leading_cost_metric,
    measurements_by_option,
    workload_phase,
)
from stages.report.shown import show_cost, show_measurement


def build(material: Material) -> Section:
    """Frontiers of the workloads that are served; training has its own page."""
    workloads = [w for w in material.tables.workloads if workload_phase(material.tables, w) == "inference"]
    charts = [frontier_of(material, workload) for workload in workloads]
    lead = (
        "Lower left is better. The ringed mark is the recommended option, the thin line joins the options "
        "that nothing beats on both counts, whiskers are intervals, and the dashed line is the latency "
        "limit."
    )
    empty = Text("There is no inference workload to compare options for.", "empty")
    block = Charts(charts, legend="grades") if charts else empty
    return Section("frontier", "Cost against latency", "Compare", lead, [block])


def frontier_of(material: Material, workload: str) -> Chart:
    """The workload's chart, with the options on the frontier and the next best by rank."""
    tables = material.tables
    id_, title = f"frontier-{workload}", tables.title(workload)
    metric = leading_cost_metric(tables, workload)
    if metric is None:
        return no_chart(id_, title, "No option of this workload has a known cost.")
    metrics, statistics, question = latency_question(tables, workload)
    pairs = _pairs(material, workload, metric, metrics, statistics)
    edge = _frontier([(p.option, p.latency["value"], p.cost["value"]) for p in pairs])
    shown = [
        _point(material, workload, edge, pair) for pair in _most_telling(material, workload, pairs, edge)
    ]
    unit = "s" if metrics[0].endswith("_s") else "ms"
    targets = latency_targets(tables, workload)
    limit = targets[0].limit_ms if targets and unit == "ms" else None
    cost_title = COST_TITLES.get(metric, words(metric))
    return frontier_chart(
        id_,
        title,
        shown,
        latency_title=question,
        cost_title=cost_title,
        limit_ms=limit,
        of=len(pairs),
        latency_unit=unit,
    )


class _Pair(NamedTuple):
    """An option with the rows of its latency and its cost."""

    option: str
    latency: dict[str, Any]
    cost: dict[str, Any]


def _pairs(
    material: Material, workload: str, metric: str, metrics: tuple[str, ...], statistics: tuple[str, ...]
) -> list[_Pair]:
    """Options that were not vetoed and have both figures, by name."""
    tables = material.tables
    vetoed = {r["option"] for r in tables.rows("ranking", workload) if r["vetoed"]}
    costs = costs_by_option(tables, workload)
    measured = measurements_by_option(tables, workload)
    pairs = []
    for option in sorted(set(costs) - vetoed):
        cost = costs[option].get(metric)
        latency = best_measurement(measured.get(option, []), metrics, statistics)
        if cost and latency and _usable(cost) and _usable(latency):
            pairs.append(_Pair(option, latency, cost))
    return pairs


def _usable(row: dict[str, Any]) -> bool:
    return row["value"] is not None and row["value"] > 0


def _role(material: Material, workload: str, option: str) -> str:
    decision = material.tables.row("decisions", workload) or {}
    return {decision.get("option"): "recommended", decision.get("runner_up"): "runner-up"}.get(option, "")


def _point(material: Material, workload: str, edge: set[str], pair: _Pair) -> Point:
    latency, cost = pair.latency, pair.cost
    return Point(
        pair.option,
        latency["value"],
        latency["low"],
        latency["high"],
        cost["value"],
        cost["low"],
        cost["high"],
        grade=latency["grade"],
        role=_role(material, workload, pair.option),
        on_frontier=pair.option in edge,
        latency_shown=show_measurement(latency, material.register),
        cost_shown=show_cost(cost, material.register),
    )


def _frontier(values: list[tuple[str, float, float]]) -> set[str]:
    """Options that no other option beats on latency and cost at once."""
    kept: set[str] = set()
    cheapest = float("inf")
    for option, _latency, cost in sorted(values, key=lambda v: (v[1], v[2], v[0])):
        if cost < cheapest:
            kept.add(option)
            cheapest = cost
    return kept


def _most_telling(material: Material, workload: str, pairs: list[_Pair], edge: set[str]) -> list[_Pair]:
    """Options with a role first, then those on the frontier, measured ones, and the best ranked."""
    rank = {r["option"]: r["rank"] for r in material.tables.rows("ranking", workload) if r["rank"]}

    def key(pair: _Pair) -> tuple[Any, ...]:
        measured = pair.latency["grade"] == "measured"
        role = _role(material, workload, pair.option)
        return not role, pair.option not in edge, not measured, rank.get(pair.option, 1e9), pair.option

    chosen = sorted(pairs, key=key)[: material.options_per_chart]
    return sorted(chosen, key=lambda p: (p.latency["value"], p.cost["value"], p.option))
