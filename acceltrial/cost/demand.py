"""The traffic that has to be carried, and how many replicas carry it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from acceltrial.cost.success import Floats
from acceltrial.units import HOURS_PER_MONTH

SECONDS_PER_MONTH = HOURS_PER_MONTH * 3600


@dataclass(frozen=True, slots=True)
class Demand:
    """A workload's month of traffic.

    Attributes:
        requests: first sendings a month.
        peak_to_mean: peak ÷ mean rate of its trace, at least 1.
        batch: whether requests may wait, so that only the window counts and not the peak.
        window_h: hours of each day in which a batch must be done; 24 otherwise.
        always_on: whether capacity must stand ready day and night.
    """

    requests: float
    peak_to_mean: float
    batch: bool = False
    window_h: float = 24.0
    always_on: bool = True

    @property
    def mean_rps(self) -> float:
        """Mean rate over the month."""
        return self.requests / SECONDS_PER_MONTH

    @property
    def design_rps(self) -> float:
        """The rate that must be carried: the peak, or the batch's volume spread over its window."""
        if self.batch:
            return self.mean_rps * 24.0 / min(24.0, self.window_h)
        return self.mean_rps * max(1.0, self.peak_to_mean)


def replicas(
    design_rps: ArrayLike, capacity_rps: ArrayLike, *, headroom: float, minimum: int, spares: int = 0
) -> Floats:
    """Whole replicas: max(minimum, ⌈λ(1 + h) / μ⌉ + spares); NaN where the capacity is unknown.

    `spares` replicas may be lost at the peak without an overload (N + k redundancy).
    """
    capacity = np.asarray(capacity_rps, dtype=np.float64)
    usable = np.where(capacity > 0, capacity, np.nan)
    needed = np.asarray(design_rps) * (1 + headroom) / usable
    return np.asarray(np.maximum(np.ceil(needed - 1e-9) + spares, minimum))


def utilisation(mean_rps: ArrayLike, capacity_rps: ArrayLike, replica_count: ArrayLike) -> Floats:
    """Mean share of the provisioned capacity in use: λ̄ / (n μ). The rest is paid and idle."""
    return np.asarray(np.asarray(mean_rps) / (np.asarray(capacity_rps) * np.asarray(replica_count)))


def billed_replica_hours(
    demand: Demand,
    load_factor: ArrayLike,
    capacity_rps: ArrayLike,
    replica_count: ArrayLike,
    *,
    scales_to_zero: bool,
) -> Floats:
    """Replica-hours paid for in a month.

    Always on, or hardware that one owns: n · 730. Where capacity may be given back between uses,
    the busy hours λ̄ · 730 · (sendings a request) / μ, but never less than one hour, nor more than
    n · 730. `load_factor` is sendings a request (retries included).
    """
    always = np.asarray(replica_count, dtype=np.float64) * HOURS_PER_MONTH
    if demand.always_on or not scales_to_zero:
        return np.asarray(always)
    busy = demand.mean_rps * np.asarray(load_factor) * HOURS_PER_MONTH / np.asarray(capacity_rps)
    return np.asarray(np.minimum(always, np.maximum(busy, 1.0)))


def rented_accelerators(replica_count: ArrayLike, per_replica: float, per_instance: float) -> Floats:
    """Accelerators paid for: ⌈n c / k⌉ k, instances being rented whole and shared by the replicas."""
    devices = np.asarray(replica_count, dtype=np.float64) * per_replica
    return np.asarray(np.ceil(devices / per_instance - 1e-9) * per_instance)
