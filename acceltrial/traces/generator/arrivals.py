"""Arrivals of all clients: each a renewal process of its own burstiness on the clock of its own rate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acceltrial.traces.generator.paths import Floats, Noise, PathShape
from acceltrial.traces.generator.renewal import unit_gaps

_REGULAR_CV = 0.95


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Times in order, and the client of each."""

    times_s: Floats
    client: NDArray[np.int32]


def client_weights(clients: int, skew: float) -> Floats:
    """Shares of the rate by rank: proportional to rank^-skew."""
    weights = np.arange(1, clients + 1, dtype=np.float64) ** -skew
    shares: Floats = weights / weights.sum()
    return shares


def draw_arrivals(noise: Noise, shape: PathShape) -> Arrivals:
    """One realisation. The same noise and shape give the same arrivals."""
    spec = noise.spec
    shared = noise.shared(shape)
    if spec.gap_cv is not None and spec.gap_cv < _REGULAR_CV:
        return _pooled(noise, shared, spec.gap_cv)
    weights = client_weights(spec.clients, spec.client_skew)
    cvs = _client_cvs(noise)
    times, clients = [], []
    for index in range(noise.separate):
        rate = shared * noise.client(index, shape.client_depth) * (spec.rate_rps * weights[index])
        random = np.random.default_rng([noise.seed, 3, index])
        times.append(_renewal(noise, rate, float(cvs[index]), random))
        clients.append(np.full(times[-1].size, index, dtype=np.int32))
    if noise.separate < spec.clients:
        small = _small_clients(noise, shared, weights)
        times.append(small.times_s)
        clients.append(small.client)
    client = np.concatenate(clients)
    merged = np.concatenate(times)
    order = np.argsort(merged, kind="stable")
    return Arrivals(merged[order], client[order])


def _pooled(noise: Noise, shared: Floats, cv: float) -> Arrivals:
    """A stream more regular than Poisson: one renewal process, its requests dealt out to the clients.

    The sum of many independent clients tends to Poisson however regular each is: it cannot be made of them.
    """
    spec = noise.spec
    times = _renewal(noise, shared * spec.rate_rps, cv, np.random.default_rng([noise.seed, 3]))
    weights = client_weights(spec.clients, spec.client_skew)
    client = np.random.default_rng([noise.seed, 4]).choice(spec.clients, size=times.size, p=weights)
    return Arrivals(times, client.astype(np.int32))


def _small_clients(noise: Noise, shared: Floats, weights: Floats) -> Arrivals:
    """The many clients below the largest as one Poisson stream, dealt out by weight.

    The sum of many small independent streams tends to Poisson, and one stream costs what one client costs.
    """
    first, random = noise.separate, np.random.default_rng([noise.seed, 7])
    share = weights[first:]
    times = _renewal(noise, shared * (noise.spec.rate_rps * share.sum()), 1.0, random)
    client = random.choice(np.arange(first, weights.size), size=times.size, p=share / share.sum())
    return Arrivals(times, client.astype(np.int32))


def _renewal(noise: Noise, rate: Floats, cv: float, random: np.random.Generator) -> Floats:
    """Arrivals whose gaps, on a clock that runs with the rate, are a renewal process of mean 1."""
    clock = np.concatenate([[0.0], np.cumsum(rate * np.diff(noise.edges))])
    total = clock[-1]
    gaps = unit_gaps(noise.spec.renewal, cv, int(total + 6 * max(cv, 1) * np.sqrt(total) + 16), random)
    gaps[0] *= random.random()
    ticks = np.cumsum(gaps)
    times: Floats = np.interp(ticks[ticks < total], clock, noise.edges)
    return times


def _client_cvs(noise: Noise) -> Floats:
    """Each client's gap CV, log-normal around the median (ServeGen: p95 / p50 = 4.7 at most, halved here)."""
    spec = noise.spec
    if spec.clients == 1:
        return np.array([spec.client_cv or 1.0])
    median = spec.client_cv or (1.3 if (spec.idc_1s or 1.0) > 3 else 1.0)
    spread = 0.3 if spec.client_cv is None or spec.client_cv >= 0.5 else 0.1
    scores = np.random.default_rng([noise.seed, 5]).standard_normal(spec.clients)
    return np.clip(median * np.exp(spread * scores), 0.02, 10.0)
