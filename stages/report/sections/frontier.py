"""Cost against latency, a small chart a workload."""

from __future__ import annotations

from typing import Any

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
    points = _points(material, workload, metric, metrics, statistics)
    shown = _most_telling(points, material.options_per_chart)
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
        of=len(points),
        latency_unit=unit,
    )


def _points(
    material: Material, workload: str, metric: str, metrics: tuple[str, ...], statistics: tuple[str, ...]
) -> list[Point]:
    tables = material.tables
    decision = tables.row("decisions", workload) or {}
    vetoed = {r["option"] for r in tables.rows("ranking", workload) if r["vetoed"]}
    costs = costs_by_option(tables, workload)
    measured = measurements_by_option(tables, workload)
    pairs = []
    for option in sorted(costs):
        cost = costs[option].get(metric)
        latency = best_measurement(measured.get(option, []), metrics, statistics)
        if option not in vetoed and _usable(cost) and _usable(latency):
            pairs.append((option, latency, cost))
    edge = _frontier([(o, lat["value"], cost["value"]) for o, lat, cost in pairs])  # type: ignore[index]
    return [_point(material, decision, edge, *pair) for pair in pairs]


def _usable(row: dict[str, Any] | None) -> bool:
    return row is not None and row["value"] is not None and row["value"] > 0


def _point(
    material: Material, decision: dict[str, Any], edge: set[str], option: str, latency: Any, cost: Any
) -> Point:
    role = {decision.get("option"): "recommended", decision.get("runner_up"): "runner-up"}.get(option, "")
    if option in edge:
        role = role or "frontier"
    return Point(
        option,
        latency["value"],
        latency["low"],
        latency["high"],
        cost["value"],
        cost["low"],
        cost["high"],
        grade=latency["grade"],
        role=role,
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


def _most_telling(points: list[Point], limit: int) -> list[Point]:
    """Options with a role first, then measured ones, then the cheapest."""
    order = sorted(points, key=lambda p: (not p.role, p.grade != "measured", p.cost, p.option))
    return sorted(order[:limit], key=lambda p: (p.latency_ms, p.cost, p.option))
