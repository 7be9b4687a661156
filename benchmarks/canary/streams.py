"""Simulated streams of one hour: a lognormal latency, Poisson arrivals, one kind of trouble each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from acceltrial.canary.records import Records

MEDIAN_MS = 100.0


@dataclass(frozen=True)
class Trouble:
    """What is wrong with the canary; the default is nothing."""

    rate: float = 20.0
    minutes: int = 60
    share: float = 0.05
    sigma: float = 0.5
    scale: float = 1.0
    tail: float = 1.0
    """Factor on p99 with the mean unchanged: requests beyond p95 are stretched, the others shrunk."""
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
    latency = MEDIAN_MS * np.exp(trouble.sigma * rng.standard_normal(n))
    if trouble.tail != 1.0:
        latency = np.where(canary, _with_tail(latency, trouble), latency)
    latency *= np.where(canary, trouble.scale, 1.0)
    if trouble.drift:
        for arm in (False, True):
            wander = _wander(rng, trouble.minutes, trouble.drift)
            mine = canary == arm
            latency[mine] *= np.exp(wander[(t[mine] // 60).astype(int)])
    latency = np.where(canary & (t < 180), latency * trouble.cold, latency)
    ok = rng.random(n) >= np.where(canary, trouble.errors[1], trouble.errors[0])
    return Records(t, canary, ok, {"latency_ms": latency}, np.zeros(n, np.int64))


def _with_tail(latency: np.ndarray, trouble: Trouble) -> np.ndarray:
    q95, q99 = (MEDIAN_MS * np.exp(trouble.sigma * z) for z in (1.6449, 2.3263))
    stretch = (trouble.tail * q99 - q95) / (q99 - q95)
    beyond = latency > q95
    stretched = np.where(beyond, q95 + (latency - q95) * stretch, latency)
    surplus = stretched.sum() - latency.sum()
    return np.where(beyond, stretched, latency * (1 - surplus / latency[~beyond].sum()))


def _wander(rng: np.random.Generator, minutes: int, spread: float) -> np.ndarray:
    walk = np.zeros(minutes + 1)
    for i in range(1, minutes + 1):
        walk[i] = 0.9 * walk[i - 1] + np.sqrt(1 - 0.81) * rng.standard_normal()
    return spread * walk
