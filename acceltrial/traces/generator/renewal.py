"""Gaps of renewal processes with a given coefficient of variation."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Family = Literal["gamma", "weibull"]


def unit_gaps(family: Family, cv: float, count: int, random: np.random.Generator) -> NDArray[np.float64]:
    """`count` gaps of mean 1 and coefficient of variation `cv` (> 0); cv 1 is the Poisson process.

    Gamma: shape 1/cv². Weibull: the shape k with Γ(1 + 2/k) / Γ(1 + 1/k)² = 1 + cv².
    """
    if family == "gamma":
        shape = 1.0 / (cv * cv)
        return random.gamma(shape, 1.0 / shape, count)
    shape, mean = weibull_shape(cv)
    return random.weibull(shape, count) / mean


@lru_cache(maxsize=4096)
def weibull_shape(cv: float) -> tuple[float, float]:
    """The Weibull shape with that coefficient of variation, and the mean at scale 1.

    The search covers shapes 0.05 to 200; a cv beyond is held at that end.
    """
    from scipy.optimize import brentq
    from scipy.special import gamma, gammaln

    def excess(shape: float) -> float:
        return float(gammaln(1 + 2 / shape) - 2 * gammaln(1 + 1 / shape) - np.log1p(cv * cv))

    low, high = 0.05, 200.0
    if excess(low) < 0:
        shape = low
    elif excess(high) > 0:
        shape = high
    else:
        shape = float(brentq(excess, low, high))
    return shape, float(gamma(1 + 1 / shape))
