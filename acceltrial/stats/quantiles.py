"""Quantiles, shares and means with intervals that assume no distribution."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from acceltrial.stats.special import beta_quantile, binomial_cdf, gamma_quantile, student_quantile

LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value with its interval; `low` and `high` are None where there is none, and `reason` says why."""

    value: float | None
    low: float | None
    high: float | None
    n: int
    level: float
    method: str
    reason: str = ""


def quantile_interval(values: npt.ArrayLike, q: float, level: float = LEVEL) -> Estimate:
    """The q-quantile of `values` with a distribution-free interval from order statistics.

    The number of values below the true quantile is Binomial(n, q), whatever the distribution, so the
    interval between the order statistics of ranks l and u covers it with probability
    P(l ≤ B < u) ≥ level (David & Nagaraja, Order Statistics, 3rd ed., section 7.1). Values that depend
    on one another (a queue) make it too narrow: repeat the run to see how much.

    Raises:
        ValueError: q or level not between 0 and 1, or a value that is not finite.
    """
    _check(q, level)
    ordered = np.sort(np.asarray(values, dtype=np.float64))
    return _of_sorted(ordered, q, level)


def _of_sorted(ordered: npt.NDArray[np.float64], q: float, level: float) -> Estimate:
    n = len(ordered)
    method = "binomial order statistics"
    if not n:
        return Estimate(None, None, None, 0, level, method, "no values")
    if not (math.isfinite(ordered[0]) and math.isfinite(ordered[-1])):
        raise ValueError("a value is not finite")
    value = _interpolated(ordered, q)
    ranks = interval_ranks(n, q, level)
    if ranks is None:
        return Estimate(
            value,
            None,
            None,
            n,
            level,
            method,
            f"{n} values are too few for a {level:.0%} interval of p{q * 100:g}",
        )
    low, high = float(ordered[ranks[0] - 1]), float(ordered[ranks[1] - 1])
    return Estimate(value, min(low, value), max(high, value), n, level, method)


def _interpolated(ordered: npt.NDArray[np.float64], q: float) -> float:
    """The linear quantile of numpy, from the two sorted values that matter: numpy would copy them all."""
    position = q * (len(ordered) - 1)
    at = math.floor(position)
    return float(np.quantile(ordered[at : at + 2], position - at if at + 1 < len(ordered) else 0.0))


@lru_cache(maxsize=256)  # all metrics of a run have equally many values
def interval_ranks(n: int, q: float, level: float = LEVEL) -> tuple[int, int] | None:
    """Ranks (1-based) of the order statistics that bound the q-quantile; None where n is too small.

    Tails are split evenly: P(B < l) and P(B ≥ u) are each at most (1 − level) / 2.
    """
    tail = (1 - level) / 2
    # P(B ≤ l − 1) ≤ tail, the largest such l; P(B ≤ u − 1) ≥ 1 − tail, the smallest such u.
    lower = _smallest(lambda k: binomial_cdf(k, n, q) > tail, n)
    upper = _smallest(lambda k: binomial_cdf(k, n, q) >= 1 - tail, n) + 1
    if lower < 1 or upper > n:
        return None
    return lower, upper


def _smallest(holds: Any, n: int) -> int:
    """The smallest k in 0…n for which the monotone condition holds."""
    low, high = 0, n
    while low < high:
        middle = (low + high) // 2
        if holds(middle):
            high = middle
        else:
            low = middle + 1
    return low


def proportion_interval(hits: int, n: int, level: float = LEVEL) -> Estimate:
    """A share with its Clopper–Pearson interval, which covers at least `level` for every n.

    Raises:
        ValueError: hits outside 0…n, or level out of range.
    """
    _check(0.5, level)
    if not 0 <= hits <= n:
        raise ValueError(f"{hits} of {n} is not a share")
    if not n:
        return Estimate(None, None, None, 0, level, "Clopper-Pearson", "no trials")
    tail = (1 - level) / 2
    low = beta_quantile(hits, n - hits + 1, tail) if hits else 0.0
    high = beta_quantile(hits + 1, n - hits, 1 - tail) if hits < n else 1.0
    return Estimate(hits / n, low, high, n, level, "Clopper-Pearson")


def rate_interval(events: int, duration_s: float, level: float = LEVEL) -> Estimate:
    """Events a second with the exact interval of a Poisson count (Garwood 1936).

    Raises:
        ValueError: a negative count, or a duration that is not positive.
    """
    _check(0.5, level)
    if events < 0 or not 0 < duration_s < math.inf:
        raise ValueError(f"{events} events in {duration_s} s have no rate")
    tail = (1 - level) / 2
    low = gamma_quantile(events, tail) if events else 0.0
    high = gamma_quantile(events + 1, 1 - tail)
    return Estimate(events / duration_s, low / duration_s, high / duration_s, events, level, "Poisson, exact")


def mean_interval(values: npt.ArrayLike, level: float = LEVEL) -> Estimate:
    """The mean with Student's interval; None where fewer than two values are given.

    Where no value is negative, the interval is cut at zero: the mean cannot lie below, so nothing is lost.
    """
    _check(0.5, level)
    found = np.asarray(values, dtype=np.float64)
    n = len(found)
    method = "Student t"
    if not n:
        return Estimate(None, None, None, 0, level, method, "no values")
    mean = float(found.mean())
    if not math.isfinite(mean):
        raise ValueError("a value is not finite")
    if n < 2:
        return Estimate(mean, None, None, n, level, method, "one value has no spread")
    half = student_quantile(n - 1, 0.5 + level / 2) * float(found.std(ddof=1)) / math.sqrt(n)
    low = mean - half if float(found.min()) < 0 else max(mean - half, 0.0)
    return Estimate(mean, low, mean + half, n, level, method)


def describe(
    values: npt.ArrayLike, quantiles: Iterable[float] = (0.5, 0.9, 0.95, 0.99, 0.999), level: float = LEVEL
) -> dict[str, Any]:
    """JSON-able: p50, p90, …, mean, min, max, n, and `intervals` by the same names (None where none)."""
    ordered = np.sort(np.asarray(values, dtype=np.float64))
    found: dict[str, Any] = {"n": len(ordered)}
    intervals: dict[str, list[float] | None] = {}
    for q in quantiles:
        name = f"p{q * 100:g}"
        estimate = _of_sorted(ordered, q, level)
        found[name] = estimate.value
        intervals[name] = _pair(estimate)
    mean = mean_interval(ordered, level)
    found |= {
        "mean": mean.value,
        "min": float(ordered[0]) if len(ordered) else None,
        "max": float(ordered[-1]) if len(ordered) else None,
    }
    intervals["mean"] = _pair(mean)
    return found | {
        "intervals": intervals,
        "level": level,
        "method": "binomial order statistics; mean: Student t",
    }


def _pair(estimate: Estimate) -> list[float] | None:
    if estimate.low is None or estimate.high is None:
        return None
    return [estimate.low, estimate.high]


def _check(q: float, level: float) -> None:
    if not (0 < q < 1 and 0 < level < 1):
        raise ValueError(f"quantile {q} and level {level} must lie between 0 and 1")
