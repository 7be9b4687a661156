"""How many of the canary's requests make one witness: what hangs together tells less than as many apart.

A pause, a burst of failures or a queue gives one cause to several requests. The e-values of
`acceltrial.stats.sequential` take them for independent, so the evidence of a look is divided by
D = 1 + 2 Σ ρ(h), by which a mean of correlated observations varies more than one of independent ones (Geyer:
Practical Markov chain Monte Carlo, Statistical Science 7 (1992)), with ρ(h) the correlation of the scores of
requests h apart. D is at least 1 and fixed before the look: then E^(1/D) is an e-value if E is one
(Jensen), and the test stays valid where it was.

What both arms share, as a slow database does, hits them alike and is no reason for doubt. So what a request
of the canary has in common with the baseline's at the time of the later one is deducted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from acceltrial.canary.records import Codes, Flags, Floats, Records

LEAST_Z, STOP_Z = 4.0, 1.5
"""How clear a correlation must be (standard errors): that of neighbours to count at all, others to be added.
Rare scores, as failures are, give skewed products: the first is widened for that (Cornish, Fisher)."""
PAIRS_PER_LAG = 4
FAR, FAR_SHARE = 32, 16
"""From this lag on requests are far apart, and the longest lag, at most this part of those seen, tells the
variance: the variance of all would grow when an arm becomes worse."""
_VALUE_BINS = 8


@dataclass(frozen=True)
class Scored:
    """The canary's requests in order of time, each beside the baseline's last one before it.

    Attributes:
        look: when each request ended.
        canary, baseline: the bins into which both fell.
    """

    look: Codes
    canary: Codes
    baseline: Codes


def scored(
    records: Records, known: Flags, interval_s: float, bins: Callable[[Codes, Codes, Codes], Codes]
) -> Scored:
    """The canary's requests that are `known`; `bins` takes the places, looks and classes of requests."""
    canary, baseline = np.flatnonzero(known & records.canary), np.flatnonzero(known & ~records.canary)
    if not len(baseline):
        canary = canary[:0]
    beside = baseline[np.maximum(np.searchsorted(baseline, canary) - 1, 0)] if len(canary) else canary
    look, group = records.looks(interval_s), records.group
    fallen = [bins(index, look[index], group[index]) for index in (canary, beside)]
    return Scored(look[canary], fallen[0], fallen[1])


def value_bins(values: Floats) -> Codes:
    """Bins of [0, 1] values, for `VALUE_SCORES`."""
    return np.asarray(np.rint(values * _VALUE_BINS), dtype=np.int64)


VALUE_SCORES = np.arange(_VALUE_BINS + 1)[None, :] / _VALUE_BINS


def requests_per_witness(found: Scored, scores: Floats, looks: int) -> Floats:
    """D before each look, look × score, from all looks before it; 1 where nothing hangs together.

    `scores` gives each bin its value, score × bin. Distances are 1, 2, 4 … requests; the sum over those
    between is the trapezoidal rule's. What one arm shows, a pause now and then, may happen to the other: the
    larger D of both counts.
    """
    lags = np.array([2**i for i in range(20) if PAIRS_PER_LAG * 2**i <= len(found.look)])
    if len(lags) < 2:
        return np.ones((looks, len(scores)))
    n = np.searchsorted(found.look, np.arange(looks))[:, None]
    arms = [_Pair(found.look, bins, bins, scores, looks) for bins in (found.canary, found.baseline)]
    root = np.sqrt(np.maximum(n, 1))
    clear = [(LEAST_Z + arm.skewness() ** 2 * (LEAST_Z**2 - 1) / 6 / root) / root for arm in arms]
    result = np.ones((looks, len(scores)))
    if not any(arm.neighbours_alike(least) for arm, least in zip(arms, clear, strict=True)):
        return result
    fits = lags[:, None, None] * np.where(lags[:, None, None] <= FAR, PAIRS_PER_LAG, FAR_SHARE) <= n
    beside, any_two = _Pair(found.look, found.canary, found.baseline, scores, looks).by_lag(lags, fits)
    shared = np.maximum(any_two - beside, 0.0)
    for arm, first in zip(arms, clear, strict=True):
        near, variance = arm.by_lag(lags, fits)
        rho = np.where(fits, (variance - near - shared) / np.maximum(variance, 1e-12), 0.0)
        least = np.where(lags[:, None, None] == 1, first, STOP_Z / root)
        rho = np.where(np.logical_and.accumulate(rho > least, axis=0), np.minimum(rho, 1.0), 0.0)
        between = np.diff(lags)[:, None, None] * (rho[1:] + rho[:-1]) / 2
        result = np.maximum(result, 1 + 2 * (rho[0] + between.sum(axis=0)))
    return result


@dataclass(frozen=True)
class _Pair:
    """Half the mean squared difference of two requests' scores (their variance less their covariance).

    Differences are not moved by an arm that is worse throughout, and hardly by one that becomes worse.
    """

    look: Codes
    first: Codes
    second: Codes
    scores: Floats
    looks: int

    def apart(self, lag: int) -> Floats:
        """Of requests in bins `first` and those in `second`, `lag` later; look × score."""
        bins = self.scores.shape[1]
        gaps = 0.5 * (self.scores[:, :, None] - self.scores[:, None, :]).reshape(len(self.scores), -1) ** 2
        pairs = self._counts(self.first[:-lag] * bins + self.second[lag:], self.look[lag:], bins**2)
        return np.asarray(pairs @ gaps.T / np.maximum(pairs.sum(axis=1), 1.0)[:, None])

    def neighbours_alike(self, least: Floats) -> bool:
        """Whether those next to one another ever correlate by more than `least`."""
        spread = self.of_any()
        return bool(np.any(spread - self.apart(1) > least * np.maximum(spread, 1e-12)))

    def by_lag(self, lags: Codes, fits: Flags) -> tuple[Floats, Floats]:
        """Those at each lag, and those of any two far apart."""
        near = np.stack([self.apart(int(lag)) for lag in lags])
        longest = np.maximum(fits.sum(axis=0) - 1, 0)
        distant = np.take_along_axis(near, np.broadcast_to(longest, near.shape[1:])[None], axis=0)[0]
        far = longest >= np.searchsorted(lags, FAR)
        return near, np.where(far, np.minimum(distant, self.of_any()), self.of_any())

    def of_any(self) -> Floats:
        """Of two requests drawn at random."""
        bins = self.scores.shape[1]
        a, b = (self._counts(x, self.look, bins) for x in (self.first, self.second))
        n = np.maximum(a.sum(axis=1, keepdims=True), 1.0)
        squares = (a + b) @ (self.scores**2).T / n
        return np.asarray(squares / 2 - (a @ self.scores.T / n) * (b @ self.scores.T / n))

    def skewness(self) -> Floats:
        """Of the scores of `first` before each look."""
        counts = self._counts(self.first, self.look, self.scores.shape[1])
        n = np.maximum(counts.sum(axis=1, keepdims=True), 1.0)
        mean = counts @ self.scores.T / n
        powers = [counts @ (self.scores**k).T / n for k in (2, 3)]
        variance = np.maximum(powers[0] - mean**2, 1e-12)
        return np.asarray((powers[1] - 3 * mean * powers[0] + 2 * mean**3) / variance**1.5)

    def _counts(self, bins: Codes, look: Codes, size: int) -> Floats:
        """How many fell into each bin before each look."""
        after = np.bincount((look + 1) * size + bins, minlength=(self.looks + 1) * size)
        return after.reshape(self.looks + 1, size)[:-1].cumsum(axis=0, dtype=np.float64)
