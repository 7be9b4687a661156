"""Simulated streams: latencies of several shapes, Poisson arrivals, one kind of trouble each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np

from acceltrial.canary.records import Floats, Records

REFERENCE = 1_000_000
Draw = Callable[[np.random.Generator, int], Floats]
Family = Literal["lognormal 0.2", "lognormal 0.3", "lognormal 0.5", "lognormal 0.8", "gamma", "two modes"]


def _lognormal(sigma: float) -> Draw:
    return lambda rng, n: 100 * np.exp(sigma * rng.standard_normal(n))


def _two_modes(rng: np.random.Generator, n: int) -> Floats:
    """Nine short answers to each long one."""
    spread = rng.standard_normal(n)
    return np.where(rng.random(n) < 0.1, 400 * np.exp(0.25 * spread), 100 * np.exp(0.3 * spread))


FAMILIES: dict[Family, Draw] = {
    "lognormal 0.2": _lognormal(0.2),
    "lognormal 0.3": _lognormal(0.3),
    "lognormal 0.5": _lognormal(0.5),
    "lognormal 0.8": _lognormal(0.8),
    "gamma": lambda rng, n: rng.gamma(4, 25, n),
    "two modes": _two_modes,
}


@dataclass(frozen=True)
class Trouble:
    """What is wrong with the canary; the default is nothing."""

    rate: float = 20.0
    minutes: int = 60
    share: float = 0.05
    family: Family = "lognormal 0.5"
    scale: float = 1.0
    tail: float = 1.0
    """Factor on p99 with the mean unchanged: what exceeds p95 is stretched, the rest shrunk for it."""
    errors: tuple[float, float] = (0.01, 0.01)
    drift: float = 0.0
    """Standard deviation of each arm's own slow drift (AR(1) by minute, 0.9)."""
    cold: float = 1.0
    """Factor on the canary's latency in its first three minutes."""


def simulate(trouble: Trouble, seed: tuple[int, ...]) -> Records:
    """One stream."""
    rng = np.random.default_rng(seed)
    n = int(rng.poisson(trouble.rate * 60 * trouble.minutes))
    t = np.sort(rng.random(n) * 60 * trouble.minutes)
    canary = rng.random(n) < trouble.share
    latency = FAMILIES[trouble.family](rng, n)
    if trouble.tail != 1.0:
        latency = np.where(canary, _with_tail(latency, trouble.family, trouble.tail), latency)
    latency = latency * np.where(canary, trouble.scale, 1.0)
    if trouble.drift:
        for arm in (False, True):
            wander = _wander(rng, trouble.minutes, trouble.drift)
            mine = canary == arm
            latency[mine] *= np.exp(wander[(t[mine] // 60).astype(int)])
    latency = np.where(canary & (t < 180), latency * trouble.cold, latency)
    ok = rng.random(n) >= np.where(canary, trouble.errors[1], trouble.errors[0])
    return Records(t, canary, ok, {"latency_ms": latency}, np.zeros(n, np.int64))


def _with_tail(latency: Floats, family: Family, factor: float) -> Floats:
    q95, stretch, shrink = _stretching(family, factor)
    return np.where(latency > q95, q95 + (latency - q95) * stretch, latency * shrink)


@cache
def _stretching(family: Family, factor: float) -> tuple[float, float, float]:
    """Where the tail begins, the factor on what exceeds it, and that on the rest which keeps the mean."""
    drawn = FAMILIES[family](np.random.default_rng(0), REFERENCE)
    q95, q99 = np.quantile(drawn, [0.95, 0.99])
    stretch = (factor * q99 - q95) / (q99 - q95)
    beyond = drawn > q95
    surplus = (stretch - 1) * (drawn[beyond] - q95).sum()
    return float(q95), float(stretch), float(1 - surplus / drawn[~beyond].sum())


def _wander(rng: np.random.Generator, minutes: int, spread: float) -> Floats:
    walk = np.zeros(minutes + 1)
    for i in range(1, minutes + 1):
        walk[i] = 0.9 * walk[i - 1] + np.sqrt(1 - 0.81) * rng.standard_normal()
    return spread * walk
