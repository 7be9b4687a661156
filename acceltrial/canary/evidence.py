"""From counts to evidence: one sequential test a guardrail, for harm and for its absence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from acceltrial.canary.records import Floats
from acceltrial.canary.tally import Tally
from acceltrial.stats.sequential import mixture, odds_shift, one_sample_log_e, two_sample_log_e

FULL_START = 0.95
"""Weight of the evidence gathered since the start; later starts share the rest."""


@dataclass(frozen=True)
class Effects:
    """Odds ratios of harm over which the evidence is averaged, and their weights (which sum to 1)."""

    odds: Floats
    weights: Floats


ERROR_EFFECTS = Effects(np.array([1.9, 5.0, 25.0]), np.array([0.73, 0.25, 0.02]))
COST_EFFECTS = Effects(np.array([1.25, 1.6, 3.0]), np.array([0.5, 0.35, 0.15]))
GROWTH_EFFECTS = Effects(np.array([20.0, 200.0]), np.array([0.5, 0.5]))


@dataclass(frozen=True)
class Comparison:
    """Evidence (nats) after each look, and the arms' shares over everything judged."""

    harm: Floats
    safe: Floats
    """Evidence that the harm to be excluded is absent; the weakest of the levels that have data."""
    share_canary: float
    share_baseline: float
    n_canary: int
    n_baseline: int
    expected_share: float
    """The baseline's share as now believed: what was expected before, moved by what was seen."""
    level: float | None = None
    """Of ranked values: the baseline's quantile that shares and counts are about: where arms differ most."""


def share_blocks(tally: Tally, margin: float, effects: Effects) -> Floats:
    """Log e-values against "the canary's share is at most the baseline's + margin", look × effect."""
    base = tally.baseline_guess()
    allowed = np.clip(base + margin, 1e-6, 1 - 1e-6)
    blocks = two_sample_log_e(
        tally.k_canary[..., None],
        tally.n_canary[..., None],
        tally.k_baseline[..., None],
        tally.n_baseline[..., None],
        guess_baseline=base[..., None],
        guess_canary=odds_shift(allowed[..., None], effects.odds),
        margin=margin,
    )
    return np.asarray(blocks.sum(axis=(1, 2)))


def compare(
    tally: Tally,
    blocks: Floats,
    weights: Floats,
    *,
    restart_looks: int,
    harm: float = 0.0,
    harm_odds: float = 0.0,
) -> Comparison:
    """Both tests on one tally.

    `blocks` is the evidence of harm, look × alternative, and `weights` those of the alternatives. The harm
    to exclude is `harm` (added share), or `harm_odds` (odds ratio).
    """
    evidence = mixture(_from_several_starts(blocks, restart_looks), (1,), weights)
    excluded = odds_shift(tally.expected, harm_odds) - tally.expected if harm_odds else np.array(harm)
    safe = _absence(tally, tally.baseline_guess(), excluded)
    judged = tally.n_canary > 0
    k_c, n_c, k_b, n_b = (
        np.where(judged, count, 0.0).sum(axis=(0, 1))
        for count in (tally.k_canary, tally.n_canary, tally.k_baseline, tally.n_baseline)
    )
    shown = _most_apart(k_c, n_c, k_b, n_b)
    prior = float(np.broadcast_to(tally.expected, n_c.shape)[shown])
    believed = float((k_b[shown] + tally.prior_weight * prior) / (n_b[shown] + tally.prior_weight))
    shares = _share(k_c[shown], n_c[shown]), _share(k_b[shown], n_b[shown])
    level = 1 - prior if tally.expected.ndim else None
    return Comparison(
        evidence, safe, *shares, round(float(n_c[shown])), round(float(n_b[shown])), believed, level
    )


def _most_apart(k_c: Floats, n_c: Floats, k_b: Floats, n_b: Floats) -> int:
    """The level at which the canary is worse by most standard errors."""
    pooled = (k_c + k_b + 1) / (n_c + n_b + 2)
    spread = np.sqrt(pooled * (1 - pooled) * (1 / np.maximum(n_c, 1) + 1 / np.maximum(n_b, 1)))
    apart = (k_c / np.maximum(n_c, 1) - k_b / np.maximum(n_b, 1)) / spread
    return int(np.argmax(np.where(n_c > 0, apart, -np.inf)))


def _share(k: float, n: float) -> float:
    return float(k / n) if n else 0.0


def _from_several_starts(blocks: Floats, every: int) -> Floats:
    """Log of the weighted mean of the products that start at look 0 and every `every` looks.

    Weights 0.95 and 0.05 / (j (j + 1)); those of starts still to come stand at 1, which keeps the sum an
    e-process. It lets a late regression show without first undoing an hour of good behaviour.
    """
    total = np.cumsum(blocks, axis=0)
    starts = np.arange(every, len(blocks), every)
    number = np.arange(1, len(starts) + 1)
    shape = (-1, *([1] * (total.ndim - 1)))
    begun = np.full_like(total, -np.inf)
    begun[0] = np.log(FULL_START)
    begun[starts] = np.log((1 - FULL_START) / (number * (number + 1))).reshape(shape) - total[starts - 1]
    passed = np.searchsorted(starts, np.arange(len(blocks)), side="right")
    waiting = np.log((1 - FULL_START) / (passed + 1)).reshape(shape)
    return np.logaddexp(total + np.logaddexp.accumulate(begun, axis=0), waiting)


def _absence(tally: Tally, base: Floats, excluded: Floats) -> Floats:
    """Evidence against "the canary is worse by `excluded` or more", by the same test on the complements."""
    options = []
    for factor in (1.0, 0.6):
        log_e = two_sample_log_e(
            tally.n_canary - tally.k_canary,
            tally.n_canary,
            tally.n_baseline - tally.k_baseline,
            tally.n_baseline,
            guess_baseline=1 - base,
            guess_canary=1 - base * factor,
            margin=-excluded,
        )
        options.append(log_e.sum(axis=1).cumsum(axis=0))
    by_level = mixture(np.stack(options), (0,))
    has_data = tally.n_canary.sum(axis=(0, 1)) > 0
    if not has_data.any():
        return np.full(len(by_level), -np.inf)
    return np.asarray(by_level[:, has_data].min(axis=1))


def beyond(k: Floats, n: Floats, bound: float) -> Floats:
    """Evidence after each look that an arm's share exceeds the absolute `bound`."""
    guesses = odds_shift(bound, np.array([1.5, 3.0, 10.0]))
    blocks = one_sample_log_e(k[:, None], n[:, None], bound=bound, guess=guesses)
    return mixture(np.cumsum(blocks, axis=0), (1,))
