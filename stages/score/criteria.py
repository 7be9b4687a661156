"""The seven criteria of an option: raw value, interval, grade and evidence, then utility and its draws."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date

import numpy as np

from acceltrial.decide.draws import keyed_rng
from acceltrial.decide.values import Criterion, Floats, utility
from schemas.decision import CRITERIA
from stages.score.costing import INFERENCE_UNIT, TRAINING_UNIT, Costing
from stages.score.figures import Given
from stages.score.maturity import ecosystem, lock_in, scalability
from stages.score.operations import operations
from stages.score.params import Bounds, ScoreParams
from stages.score.service import Figures
from stages.score.world import Option, Workload, World


@dataclass(frozen=True)
class Axis:
    """A criterion with the bounds that hold for one workload, and its unit."""

    criterion: Criterion
    unit: str


def axes_of(workload: Workload, params: ScoreParams) -> tuple[Axis, ...]:
    """The criteria with the workload's bounds. They depend on no option."""
    row = workload.row
    budget = row["power_budget_w"]
    latency = "latency" if _has_target(workload) else "latency_without_target"
    cost, cost_unit, cost_scale = _cost_axis(workload)
    chosen = {
        "cost_per_throughput": (cost, "min", cost_unit, cost_scale),
        "latency": (latency, "min", "share of the target" if latency == "latency" else "ms", 1.0),
        "ecosystem_maturity": ("ecosystem_maturity", "max", "index 0–1", 1.0),
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
    params: ScoreParams,
    today: date,
) -> tuple[Given, ...]:
    """The option's raw values on all criteria, in the order of CRITERIA."""
    given = {
        "cost_per_throughput": _cost(workload, costing),
        "latency": figures.latency,
        "ecosystem_maturity": ecosystem(world, workload, option),
        "lock_in_risk": lock_in(world, option, params),
        "operational_complexity": operations(option, costing, params),
        "future_scalability": scalability(world, option, today),
        "power": _power(workload, figures, costing, params),
    }
    return tuple(given[name] for name in CRITERIA)


def utilities_of_given(given: list[tuple[Given, ...]], axes: tuple[Axis, ...]) -> Floats:
    """Utilities of options × criteria; NaN where unknown."""
    values = np.array([[figure.value for figure in row] for row in given]).reshape(len(given), len(axes))
    return np.column_stack([utility(values[:, i], axis.criterion) for i, axis in enumerate(axes)])


def value_draws(
    workload: Workload, option: Option, given: tuple[Given, ...], costing: Costing, params: ScoreParams
) -> Floats:
    """Draws of the raw values: draws × criteria, NaN where unknown."""
    count = params.measurement_draws
    out = np.empty((count, len(CRITERIA)))
    for index, (name, figure) in enumerate(zip(CRITERIA, given, strict=True)):
        if not figure.known:
            out[:, index] = np.nan
        elif name == "cost_per_throughput":
            out[:, index] = costing.draws[TRAINING_UNIT if workload.training else INFERENCE_UNIT]
        elif name in ("latency", "power"):
            out[:, index] = figure.draws(count, params.seed, workload.id, option.id, name)
        elif figure.low < figure.high:
            # A component nobody knows may be anything between its ends: no value is likelier.
            share = keyed_rng(params.seed, workload.id, option.id, name).random(count)
            out[:, index] = figure.low + share * (figure.high - figure.low)
        else:
            out[:, index] = figure.value
    return out


def utility_draws(
    workload: Workload, names: list[str], raw: Floats, axes: tuple[Axis, ...], params: ScoreParams
) -> Floats:
    """Utilities of draws × options × criteria; an unknown one is drawn evenly from 0 to 1."""
    worth = np.stack([utility(raw[:, :, i], axis.criterion) for i, axis in enumerate(axes)], axis=2)
    for index, name in enumerate(names):
        for column in np.flatnonzero(np.isnan(worth[:, index]).any(axis=0)):
            anywhere = keyed_rng(params.seed, workload.id, name, CRITERIA[column]).random(len(worth))
            # A draw in which no action succeeds has no cost; it is worth nothing, not anything.
            known = not np.isnan(worth[:, index, column]).all()
            missing = np.isnan(worth[:, index, column])
            worth[missing, index, column] = 0.0 if known else anywhere[missing]
    return worth


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
    draws = costing.draws.get(unit)
    if draws is None or np.isnan(draws).all():
        return Given(value, grade=costing.grade, source=costing.source, date=costing.date)
    low, high = np.nanquantile(draws, [0.025, 0.975])
    return Given(
        value, min(float(low), value), max(float(high), value), costing.grade, costing.source, costing.date
    )


def _power(workload: Workload, figures: Figures, costing: Costing, params: ScoreParams) -> Given:
    """Watts to carry the workload.

    Where capacity stands ready, watts × replicas, for an idle replica draws power too; else, or
    where the watts are unknown, energy a request × rate.
    """
    ready = workload.training or (workload.always_ready and figures.watts.known)
    if figures.energy.known and not ready:
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
