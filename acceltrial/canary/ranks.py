"""What a regression of latency does to the ranks of the requests: the alternatives that are bet on.

A canary's latencies are placed among the baseline's own quantiles. So an alternative is a curve: where the
share p of the baseline lies beyond a quantile, it says what share of the canary does. It needs no model of
the latencies themselves, and a wrong guess costs power, never validity.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.special import ndtr, ndtri

from acceltrial.canary.records import Floats
from acceltrial.canary.tally import Tally
from acceltrial.stats.sequential import ordered_log_e


@dataclass(frozen=True)
class Alternative:
    """One kind and size of harm; `beyond` maps the baseline's share beyond a quantile to the canary's."""

    name: str
    weight: float
    beyond: Callable[[Floats], Floats]


def shifted(by: float) -> Callable[[Floats], Floats]:
    """All requests slower: each rank's normal score rises by `by` (a factor c on lognormal: ln c / σ)."""
    return lambda p: np.asarray(ndtr(ndtri(p) + by))


def stretched(tail: float, factor: float) -> Callable[[Floats], Floats]:
    """Only the slowest share `tail` changes: their excess grows by `factor` (exact for exponential tails)."""
    return lambda p: np.where(p < tail, tail * (np.minimum(p, tail) / tail) ** (1 / factor), p)


def stalled(share: float) -> Callable[[Floats], Floats]:
    """A `share` of the requests is slower than any before, whatever it was."""
    return lambda p: np.asarray(p + share * (1 - p))


def halved(factor: float) -> Callable[[Floats], Floats]:
    """Only ordinary requests are slower: `factor` times as many lie beyond the baseline's median."""
    return lambda p: np.maximum(np.minimum(factor * p, 1 - (2 - factor) * (1 - p)), p)


ALTERNATIVES = (
    Alternative("all +", 0.10, shifted(0.35)),
    Alternative("all ++", 0.05, shifted(0.8)),
    Alternative("all +++", 0.02, shifted(2.0)),
    Alternative("ordinary requests", 0.05, halved(1.3)),
    Alternative("tail of 10 % +", 0.16, stretched(0.10, 1.6)),
    Alternative("tail of 10 % ++", 0.05, stretched(0.10, 3.0)),
    Alternative("tail of 5 % +", 0.24, stretched(0.05, 1.8)),
    Alternative("tail of 5 % ++", 0.14, stretched(0.05, 3.0)),
    Alternative("tail of 2 %", 0.14, stretched(0.02, 2.5)),
    Alternative("stalls of 2 %", 0.08, stalled(0.02)),
    Alternative("stalls of 10 %", 0.02, stalled(0.10)),
)

ALTERNATIVE_WEIGHTS = np.array([alternative.weight for alternative in ALTERNATIVES])
ALTERNATIVE_WEIGHTS /= ALTERNATIVE_WEIGHTS.sum()


def bins(beyond: Floats) -> Floats:
    """Shares or counts in each bin, slowest last, from those beyond each of the rising levels.

    The last axis holds "beyond the smallest", then the levels; the result has as many bins.
    """
    return -np.diff(beyond, axis=-1, append=0.0)


def rank_blocks(tally: Tally) -> Floats:
    """Log e-values of slow requests, look × alternative. A level without counts yet joins its neighbour."""
    in_use = tally.n_baseline > 0
    share = np.where(in_use, np.minimum.accumulate(tally.baseline_guess(), axis=-1), 0.0)
    p = _with_all(np.ones_like(share[..., :1]), share)
    canary = bins(_with_all(tally.n_canary[..., :1], tally.k_canary))
    baseline = bins(_with_all(tally.n_baseline[..., :1], tally.k_baseline))
    evidence = ordered_log_e(canary[..., None, :], baseline[..., None, :], ratio=curves(p))
    return np.asarray(evidence.sum(axis=1))


def curves(beyond: Floats) -> Floats:
    """How much more often each alternative falls into each bin than the baseline does: … × alternative × bin.

    `beyond` is the baseline's share beyond each level, 1 first, 0 for levels that are not in use.
    """
    masses = bins(beyond)
    ratios = []
    for alternative in ALTERNATIVES:
        moved = np.where(beyond > 0, alternative.beyond(np.clip(beyond, 1e-12, 1 - 1e-12)), 0.0)
        moved[..., 0] = 1.0
        ratios.append(np.where(masses > 0, bins(moved) / np.where(masses > 0, masses, 1.0), 0.0))
    return np.stack(ratios, axis=-2)


def _with_all(everything: Floats, beyond: Floats) -> Floats:
    return np.concatenate([everything, beyond], axis=-1)


@lru_cache(maxsize=64)
def curves_at(levels: tuple[float, ...]) -> Floats:
    """`curves` where the baseline's shares beyond `levels` are what they should be: alternative × bin."""
    return curves(np.concatenate([[1.0], 1 - np.array(levels)]))


def rank_scores(levels: tuple[float, ...]) -> Floats:
    """What a request in each bin of `levels` adds to the evidence by each alternative, alternative × bin."""
    return np.asarray(np.log(np.maximum(np.maximum.accumulate(curves_at(levels), axis=-1), 1e-9)))
