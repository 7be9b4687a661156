"""How fast a series grows, with an interval that does not take neighbours for independent."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from acceltrial.stats.quantiles import LEVEL, Estimate

BLOCKS = 10
FEWEST = 4
METHOD = "least squares through block means, Student t"


def slope(times_s: Sequence[float], values: Sequence[float], level: float = LEVEL) -> Estimate:
    """Growth a second: least squares through the means of ten equal stretches of time.

    Readings half a second apart depend on one another; the means of longer stretches hardly do (the method
    of batch means, Law & Kelton, Simulation Modeling and Analysis, section 9.5), so the interval is honest.

    Raises:
        ValueError: unequal lengths, or a value that is not finite.
    """
    from scipy.special import stdtrit

    at, found = np.asarray(times_s, dtype=float), np.asarray(values, dtype=float)
    if at.shape != found.shape:
        raise ValueError(f"{len(at)} times and {len(found)} values")
    if not (np.isfinite(at).all() and np.isfinite(found).all()):
        raise ValueError("a time or value is not finite")
    n = len(at)
    if n < FEWEST or at.max() <= at.min():
        return Estimate(None, None, None, n, level, METHOD, f"{n} readings show no growth")
    place = np.minimum(((at - at.min()) / (at.max() - at.min()) * BLOCKS).astype(int), BLOCKS - 1)
    used = np.unique(place)
    x = np.array([at[place == block].mean() for block in used])
    y = np.array([found[place == block].mean() for block in used])
    spread = float(((x - x.mean()) ** 2).sum())
    rate = float(((x - x.mean()) * (y - y.mean())).sum() / spread)
    free = len(used) - 2
    if free < 1:
        return Estimate(rate, None, None, n, level, METHOD, f"{len(used)} stretches of time give no interval")
    rest = y - y.mean() - rate * (x - x.mean())
    error = math.sqrt(float((rest**2).sum()) / free / spread)
    half = float(stdtrit(free, 0.5 + level / 2)) * error
    return Estimate(rate, rate - half, rate + half, n, level, METHOD)
