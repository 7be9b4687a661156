"""The seven criteria of an option: raw value, interval, grade and evidence, then utility and its draws."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from acceltrial.decide.draws import keyed_rng
from acceltrial.decide.values import Criterion, Floats, utility
from schemas.decision import CRITERIA
from stages.score.costing import INFERENCE_UNIT, TRAINING_UNIT, Costing
from stages.score.figures import Given
from stages.score.maturity import ecosystem, lock_in, operations, scalability
from stages.score.params import Bounds, ScoreParams
from stages.score.service import Figures
from stages.score.world import Option, Workload, World


@dataclass(frozen=True)
class Axis:
    """A criterion with the bounds that hold for one workload, and its unit."""

    criterion: Criterion
    unit: str


@dataclass(frozen=True)
class Assessed:
    """One option on all criteria, in the order of CRITERIA.

    Attributes:
        given: raw values.
        utilities: NaN where unknown.
        draws: measurement draws × criteria; an unknown utility is drawn from 0 to 1.
    """

    given: tuple[Given, ...]
    utilities: Floats
    draws: Floats


def axes_of(workload: Workload, params: ScoreParams) -> tuple[Axis, ...]:
    """The criteria with the workload's bounds. They depend on no option."""
    row = workload.row
    budget = row["power_budget_w"]
    latency = "latency" if _has_target(workload) else "latency_without_target"
    cost, cost_unit, cost_scale = _cost_axis(workload)
    chosen = {
        "cost_per_throughput": (cost, "min", cost_unit, cost_scale),
        "latency": (latency, "min", "share of the target" if latency == "latency" else "ms", 1.0),
        "ecosystem_maturity": ("ecosystem_maturity", "max", "runtimes", 1.0),
        "lock_in_risk": ("lock_in_risk", "min", "index 0–1", 1.0),
        "operational_complexity": ("operational_complexity", "min", "points", 1.0),
        "future_scalability": ("future_scalability", "max", "index 0–1", 1.0),
        "power": ("power_budgeted", "min", "W", budget) if budget else ("power", "min", "W", 1.0),
    }
    return tuple(_axis(name, params.bounds[chosen[name][0]], *chosen[name][1:]) for name in CRITERIA)


def assess(
    world: World,
    workload: Workload,
    option: Option,
    figures: Figures,
    costing: Costing,
    axes: tuple[Axis, ...],
    params: ScoreParams,
    year: int,
    new_class: bool,
) -> Assessed:
    """The option's values, utilities and draws on all criteria."""
    given = {
        "cost_per_throughput": _cost(workload, costing),
        "latency": figures.latency,
        "ecosystem_maturity": ecosystem(world, option),
        "lock_in_risk": lock_in(world, option, params),
        "operational_complexity": operations(option, costing, new_class, params),
        "future_scalability": scalability(option, year),
        "power": _power(workload, figures, costing, params),
    }
    columns = []
    for axis in axes:
        name = axis.criterion.name
        columns.append(_draws(workload, option, given[name], axis.criterion, params, costing))
    values = [utility(given[axis.criterion.name].value, axis.criterion) for axis in axes]
    return Assessed(
        tuple(given[axis.criterion.name] for axis in axes),
        np.array([float(value) for value in values]),
        np.column_stack(columns),
    )


def _cost_axis(workload: Workload) -> tuple[str, str, float]:
    """Which bounds hold for the cost, its unit, and what the bounds are multiplied with."""
    value, row = workload.row["action_value_usd"], workload.row
    if workload.training:
        steps = row["training_steps_per_run"]
        if value and steps:
            return "cost_per_throughput", "USD per trained step", value / steps
        return "training_cost_without_value", "USD per trained step", 1.0
    if value:
        return "cost_per_throughput", "USD per 1,000 successful actions", value * 1000
    return "cost_without_value", "USD per 1,000 successful actions", 1.0


def _axis(name: str, bounds: Bounds, direction: str, unit: str, factor: float) -> Axis:
    better = "min" if direction == "min" else "max"
    return Axis(Criterion(name, better, bounds.low * factor, bounds.high * factor, bounds.scale), unit)  # type: ignore[arg-type]


def _has_target(workload: Workload) -> bool:
    if workload.training:
        return bool(workload.row["training_steps_per_run"] and workload.row["deadline_h"])
    return bool(workload.targets_ms)


def _cost(workload: Workload, costing: Costing) -> Given:
    unit = TRAINING_UNIT if workload.training else INFERENCE_UNIT
    if not costing.known:
        return Given(reason=costing.reason)
    value = costing.central[unit]
    if math.isnan(value):
        return Given(reason="no action succeeds in time, so no cost of one can be given")
    draws = costing.draws[unit]
    low, high = np.nanquantile(draws, [0.025, 0.975]) if not np.isnan(draws).all() else (value, value)
    return Given(
        value, min(float(low), value), max(float(high), value), costing.grade, costing.source, costing.date
    )


def _power(workload: Workload, figures: Figures, costing: Costing, params: ScoreParams) -> Given:
    """Watts to carry the workload: measured energy × rate where known, else watts × replicas."""
    if figures.energy.known and not workload.training:
        rate, energy = workload.demand(params).mean_rps, figures.energy
        source = f"{energy.source} × {rate:.4g} requests/s (idle power not included)"
        return Given(
            energy.value * rate, energy.low * rate, energy.high * rate, energy.grade, source, energy.date
        )
    count = 1.0 if workload.training else costing.central.get("replicas", math.nan)
    if not figures.watts.known or math.isnan(count):
        return Given(reason=figures.watts.reason or "the number of replicas is unknown")
    watts = figures.watts
    return Given(
        watts.value * count, watts.low * count, watts.high * count, watts.grade,
        f"{watts.source} × {count:g} replicas", watts.date,
    )  # fmt: skip


def _draws(
    workload: Workload,
    option: Option,
    given: Given,
    criterion: Criterion,
    params: ScoreParams,
    costing: Costing,
) -> Floats:
    count = params.measurement_draws
    if not given.known:
        return keyed_rng(params.seed, workload.id, option.id, criterion.name).random(count)
    if criterion.name == "cost_per_throughput":
        drawn = costing.draws[TRAINING_UNIT if workload.training else INFERENCE_UNIT]
        drawn = np.where(np.isnan(drawn), criterion.worst, drawn) + np.zeros(count)
    elif criterion.name in ("latency", "power"):
        drawn = given.draws(count, params.seed, workload.id, option.id, criterion.name)
    else:
        # A component nobody knows may be anything between its ends: no value is likelier.
        share = keyed_rng(params.seed, workload.id, option.id, criterion.name).random(count)
        drawn = given.low + share * (given.high - given.low)
    return utility(drawn, criterion)
