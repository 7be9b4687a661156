"""Scores, ranks, the Pareto set, and how stable the ranking is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acceltrial.decide.values import Floats

_STEPS = 2.0**30
RANKED_BUDGET = 100_000_000
"""Options × draws ranked at most: with more, each sample meets an even part of the weights."""
_AT_ONCE = 4_000_000
"""Scores held at once (32 MB)."""


@dataclass(frozen=True, slots=True)
class Stability:
    """How often each option takes each rank over all draws.

    Attributes:
        acceptability: options × ranks; rows and columns sum to 1. Options that are equal in every
            draw share their ranks.
        rank_p5, rank_p95: the 5 and 95 % quantiles of each option's rank.
        draws: how many rankings were drawn.
    """

    acceptability: Floats
    rank_p5: NDArray[np.int64]
    rank_p95: NDArray[np.int64]
    draws: int

    @property
    def p_best(self) -> Floats:
        """Share of the draws in which each option is first."""
        return np.asarray(self.acceptability[:, 0])


def additive_scores(utilities: Floats, weights: Floats) -> Floats:
    """The additive value V = Σ wᵢ uᵢ of each option (Keeney & Raiffa 1976, ch. 3).

    An unknown utility (NaN) counts as 0: the score is then a lower bound, never a guess.
    """
    return np.asarray(np.nan_to_num(utilities, nan=0.0) @ weights)


def ranks(scores: Floats) -> NDArray[np.int64]:
    """Competition ranks, 1 for the highest; equal scores (to 1e-12) share the better rank."""
    rounded = np.round(scores, 12)
    return np.asarray(np.searchsorted(np.sort(-rounded), -rounded, side="left") + 1, dtype=np.int64)


def pareto(utilities: Floats) -> NDArray[np.bool_]:
    """True for options that no other is at least as good as everywhere and better somewhere.

    An unknown utility counts as 0 here too.
    """
    u = np.nan_to_num(utilities, nan=0.0)
    front = np.ones(len(u), dtype=bool)
    for index, row in enumerate(u):
        rivals = u[front]  # whatever an excluded rival dominates, its own dominator dominates too
        front[index] = not bool(np.any(np.all(rivals >= row, axis=1) & np.any(rivals > row, axis=1)))
    return front


def rank_stability(samples: Floats, weights: Floats) -> Stability:
    """Ranks over every sample of the utilities crossed with every weight vector.

    Where that is more than RANKED_BUDGET, each sample meets every nth weight vector, each another nth.

    Rank acceptability indices as in SMAA-2 (Lahdelma & Salminen 2001). Scores are compared in
    steps of 2⁻³⁰, so rounding of the last bits decides no rank.

    Args:
        samples: draws × options × criteria, known utilities only (an unknown one is drawn).
        weights: draws × criteria.
    """
    if samples.shape[1] == 0:
        none = np.zeros(0, dtype=np.int64)
        return Stability(np.zeros((0, 1)), none, none, 0)
    rows = np.ascontiguousarray(samples.transpose(1, 0, 2).reshape(samples.shape[1], -1))
    _, first, group = np.unique(rows, axis=0, return_index=True, return_inverse=True)
    group = group.reshape(-1)
    sizes = np.bincount(group)
    options, groups = len(rows), len(first)
    counts = np.zeros((groups, options), dtype=np.int64)
    all_single = bool(np.all(sizes == 1))
    steps = weights * -_STEPS  # a power of two: exact
    nth = min(len(weights), -(-options * len(samples) * len(weights) // RANKED_BUDGET))
    at_once = max(1, _AT_ONCE // groups)
    draws = 0
    for index, sample in enumerate(samples):
        mine = steps[index % nth :: nth]
        draws += len(mine)
        worth = np.ascontiguousarray(sample[first].T)
        for start in range(0, len(mine), at_once):
            order = _best_first(mine[start : start + at_once] @ worth)
            _count(counts, order, sizes if not all_single else None)
    return _stability(counts, group, sizes, draws)


def _count(counts: NDArray[np.int64], order: NDArray[np.int64], sizes: NDArray[np.int64] | None) -> None:
    """Adds one to the first place that each group takes in each ranking; `sizes` where some hold several."""
    groups, options = counts.shape
    if sizes is None:
        for place in range(options):
            counts[:, place] += np.bincount(order[:, place], minlength=groups)
    else:
        starts = np.cumsum(sizes[order], axis=1) - sizes[order]
        counts += np.bincount((order * options + starts).ravel(), minlength=counts.size).reshape(counts.shape)


def _best_first(steps: Floats) -> NDArray[np.int64]:
    """Columns of each row by ascending whole steps, equal ones in order of column.

    The column rides in the low bits of the value: sorting values is several times as fast as sorting indices.
    """
    bits = max(1, (steps.shape[1] - 1).bit_length())
    keys = steps.astype(np.int64)
    keys <<= bits
    keys |= np.arange(steps.shape[1])
    keys.sort(axis=1)
    keys &= (1 << bits) - 1
    return keys


def _stability(
    starts: NDArray[np.int64], group: NDArray[np.int64], sizes: NDArray[np.int64], draws: int
) -> Stability:
    options = starts.shape[1]
    shares = np.zeros((len(sizes), options))
    for index, size in enumerate(sizes):
        row = starts[index] / (draws * size)
        for shift in range(int(size)):
            shares[index, shift:] += row[: options - shift]
    acceptability = shares[group]
    cumulative = np.cumsum(acceptability, axis=1)
    quantile = [np.argmax(cumulative >= level - 1e-9, axis=1) + 1 for level in (0.05, 0.95)]
    return Stability(acceptability, quantile[0].astype(np.int64), quantile[1].astype(np.int64), draws)
