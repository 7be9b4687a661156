"""A month of one option carrying one workload, from its uncertain figures to its cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from acceltrial.cost import demand as traffic
from acceltrial.cost import ownership, success, unit
from acceltrial.cost.success import Floats
from acceltrial.units import HOURS_PER_MONTH


@dataclass(frozen=True, slots=True)
class Service:
    """How one option serves a request: numbers, or arrays of draws of equal length.

    Attributes:
        capacity_rps: sustained requests/s of one replica.
        failure_rate, on_time_share, correct_share: in 0–1; `on_time_share` of the answered requests.
        watts: mean power of one replica; NaN unknown.
    """

    capacity_rps: ArrayLike
    failure_rate: ArrayLike
    on_time_share: ArrayLike
    correct_share: ArrayLike
    watts: ArrayLike = np.nan


@dataclass(frozen=True, slots=True)
class Terms:
    """What does not depend on the option's speed.

    Attributes:
        usd_per_accelerator_hour: price of one accelerator.
        accelerators_per_replica: how many one replica uses.
        accelerators_per_instance: how many are rented at once; what a replica leaves unused is paid.
        pays_power: whether the power bill is ours (owned hardware), else it is in the price.
        compounds: whether an action needs every one of its requests answered, or any one.
        scales_to_zero: whether capacity can be given back when idle.
        new_class: whether the company runs no accelerator of this class yet.
        lines: TCO lines with their value or draws.
    """

    usd_per_accelerator_hour: ArrayLike
    accelerators_per_replica: float
    accelerators_per_instance: float
    headroom: float
    minimum_replicas: int
    spares: int
    max_retries: int
    requests_per_action: float
    compounds: bool
    output_tokens: float | None
    gb_out: float
    horizon_months: float
    pays_power: bool
    scales_to_zero: bool
    new_class: bool
    usd_per_kwh: ArrayLike
    pue: ArrayLike
    lines: Mapping[str, tuple[ownership.CostLine, ArrayLike]]


def monthly(demand: traffic.Demand, service: Service, terms: Terms) -> dict[str, Floats]:
    """Cost figures by metric name, in USD unless the name says otherwise; NaN where unknown.

    `usd_per_month` is the sum of all `usd_per_month_*` lines, unknown when one of them is.
    Retries load the replicas: the design rate is multiplied by the sendings a request.
    """
    sendings = success.attempts_per_request(service.failure_rate, terms.max_retries)
    count = traffic.replicas(
        demand.design_rps * sendings,
        service.capacity_rps,
        headroom=terms.headroom,
        minimum=terms.minimum_replicas,
        spares=terms.spares,
    )
    hours = traffic.billed_replica_hours(
        demand, sendings, service.capacity_rps, count, scales_to_zero=terms.scales_to_zero
    )
    rented = traffic.rented_accelerators(
        count, terms.accelerators_per_replica, terms.accelerators_per_instance
    )
    lines = {
        "usd_per_month_compute": np.asarray(
            hours * rented / count * np.asarray(terms.usd_per_accelerator_hour)
        )
    }
    if terms.pays_power:
        watts = np.asarray(service.watts) * hours / HOURS_PER_MONTH
        lines["usd_per_month_power"] = ownership.power_usd_month(watts, terms.usd_per_kwh, terms.pue)
    for name, (line, amount) in terms.lines.items():
        usd = ownership.line_usd_month(
            line,
            amount,
            replicas=count,
            new_class=terms.new_class,
            gb_out=terms.gb_out,
            horizon_months=terms.horizon_months,
        )
        lines[f"usd_per_month_{name}"] = (
            usd if usd.shape == count.shape else np.broadcast_to(usd, count.shape)
        )
    total = sum(lines.values(), np.zeros(()))
    succeeded = success.action_success(
        service.failure_rate,
        service.on_time_share,
        service.correct_share,
        terms.requests_per_action if terms.compounds else 1.0,
        terms.max_retries,
    )
    actions = demand.requests / terms.requests_per_action
    used = traffic.utilisation(demand.mean_rps * sendings, service.capacity_rps, count)
    return {
        **lines,
        "usd_per_month": np.asarray(total),
        "usd_per_1k_requests": unit.per_1k_requests(total, demand.requests),
        "usd_per_1k_successful_actions": unit.per_1k_successful_actions(total, actions, succeeded),
        "usd_per_million_output_tokens": unit.per_million_output_tokens(
            total, demand.requests, np.nan if terms.output_tokens is None else terms.output_tokens
        ),
        "replicas": count,
        "utilisation": used,
        "successful_action_share": succeeded,
        "billed_replica_hours_per_month": hours,
    }


def training_month(
    steps: float,
    step_time_s: ArrayLike,
    overhead_share: ArrayLike,
    success: ArrayLike,
    terms: Terms,
    watts: ArrayLike,
) -> dict[str, Floats]:
    """Cost figures of a month of training, by metric name; no inference metric is among them.

    Runs that fail are run again from their start, so the hours are divided by the share that
    succeeds. Capacity is given back between runs unless it is owned.

    Args:
        steps: optimiser steps wanted a month.
        step_time_s: seconds of one step.
        overhead_share: paid time that trains nothing, as a share of the time that does.
        success: share of the runs that end well.
        terms: prices and lines.
        watts: mean power of all accelerators of the run; NaN unknown.
    """
    hours = np.asarray(step_time_s, dtype=np.float64) * steps / 3600 * (1 + np.asarray(overhead_share))
    hours = np.asarray(hours / np.asarray(success))
    one = np.ones_like(hours)
    rented = traffic.rented_accelerators(one, terms.accelerators_per_replica, terms.accelerators_per_instance)
    paid = hours if terms.scales_to_zero else np.maximum(hours, HOURS_PER_MONTH)
    lines = {"usd_per_month_compute": np.asarray(paid * rented * np.asarray(terms.usd_per_accelerator_hour))}
    if terms.pays_power:
        mean_watts = np.asarray(watts) * hours / HOURS_PER_MONTH
        lines["usd_per_month_power"] = ownership.power_usd_month(mean_watts, terms.usd_per_kwh, terms.pue)
    for name, (line, amount) in terms.lines.items():
        usd = ownership.line_usd_month(
            line,
            amount,
            replicas=one,
            new_class=terms.new_class,
            gb_out=0.0,
            horizon_months=terms.horizon_months,
        )
        lines[f"usd_per_month_{name}"] = np.asarray(usd + np.zeros_like(hours))
    total = np.asarray(sum(lines.values(), np.zeros(())))
    return {
        **lines,
        "usd_per_month": total,
        "usd_per_trained_step": np.asarray(total / steps),
        "usd_per_trained_step_compute": np.asarray(lines["usd_per_month_compute"] / steps),
        "training_hours_per_month": hours,
    }
