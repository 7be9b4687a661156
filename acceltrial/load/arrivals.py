"""Arrival times of stationary and stepped streams, drawn from one seed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from acceltrial.errors import ConfigurationError

Floats = npt.NDArray[np.float64]
KINDS = ("constant", "poisson", "gamma:CV", "weibull:CV")


def draw(
    kind: str, rate_rps: float, *, requests: int | None = None, duration_s: float | None = None, seed: int = 0
) -> Floats:
    """Arrival times in seconds from the start: so many requests, or all within a duration.

    Gaps are independent with mean 1 / rate: constant, exponential, gamma with shape 1 / CV², or
    Weibull with the shape that gives the coefficient of variation. The first request comes after
    one gap, so that the count within a duration has the rate's own distribution.

    Raises:
        ConfigurationError: an unknown kind, a rate or a count out of range.
    """
    if not 0 < rate_rps < math.inf:
        raise ConfigurationError(f"rate {rate_rps} must be a positive number", where="arrivals")
    if requests is not None:
        if requests < 1:
            raise ConfigurationError(f"{requests} requests: at least 1 is needed", where="arrivals")
        return np.cumsum(gaps(kind, rate_rps, requests, np.random.default_rng([seed, 1])))
    if duration_s is None or not 0 < duration_s < math.inf:
        raise ConfigurationError("either requests or a positive duration is needed", where="arrivals")
    return _within(kind, rate_rps, duration_s, np.random.default_rng([seed, 1]))


def draw_steps(kind: str, parts: Sequence[tuple[float, float]], seed: int = 0) -> Floats:
    """Arrival times of parts with different rates, joined; a rate of 0 is a pause."""
    generator = np.random.default_rng([seed, 1])
    pieces, start = [], 0.0
    for rate_rps, length_s in parts:
        if not (0 <= rate_rps < math.inf and 0 < length_s < math.inf):
            raise ConfigurationError(
                f"step ({rate_rps}/s for {length_s} s) is out of range", where="arrivals"
            )
        if rate_rps:
            pieces.append(start + _within(kind, rate_rps, length_s, generator))
        start += length_s
    return np.concatenate(pieces) if pieces else np.zeros(0)


def gaps(kind: str, rate_rps: float, count: int, generator: np.random.Generator) -> Floats:
    """Independent gaps with mean 1 / rate. Raises ConfigurationError for an unknown kind."""
    name, _, text = kind.partition(":")
    mean = 1.0 / rate_rps
    if name == "constant":
        return np.full(count, mean)
    if name == "poisson":
        return generator.exponential(mean, count)
    if name in ("gamma", "weibull"):
        cv = _coefficient(kind, text)
        if name == "gamma":
            return generator.gamma(1 / cv**2, mean * cv**2, count)
        shape = weibull_shape(cv)
        return generator.weibull(shape, count) * (mean / math.gamma(1 + 1 / shape))
    raise ConfigurationError(
        f"unknown arrivals '{kind}'", where="arrivals", remedy=f"use one of {', '.join(KINDS)}"
    )


@lru_cache(maxsize=64)
def weibull_shape(cv: float) -> float:
    """The Weibull shape k with Γ(1 + 2/k) / Γ(1 + 1/k)² = 1 + CV²."""
    target = math.log1p(cv * cv)
    low, high = 0.05, 100.0
    for _ in range(200):
        middle = math.sqrt(low * high)
        if math.lgamma(1 + 2 / middle) - 2 * math.lgamma(1 + 1 / middle) > target:
            low = middle
        else:
            high = middle
    return math.sqrt(low * high)


def _coefficient(kind: str, text: str) -> float:
    try:
        cv = float(text or 1.0)
    except ValueError:
        cv = math.nan
    if not 0.02 <= cv <= 50:
        raise ConfigurationError(
            f"'{kind}': the coefficient of variation must lie between 0.02 and 50", where="arrivals"
        )
    return cv


def _within(kind: str, rate_rps: float, duration_s: float, generator: np.random.Generator) -> Floats:
    expected = rate_rps * duration_s
    if expected > 50_000_000:
        raise ConfigurationError(f"{expected:.0f} requests are too many for one run", where="arrivals")
    times = np.zeros(0)
    while not len(times) or times[-1] < duration_s:
        more = gaps(kind, rate_rps, int(expected * 0.2) + 64, generator)
        times = np.concatenate([times, (times[-1] if len(times) else 0.0) + np.cumsum(more)])
    return times[times < duration_s]
