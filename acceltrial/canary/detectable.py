"""The smallest effect that given traffic can show, and the traffic that a given effect needs.

The evidence of n canary requests is close to normal with mean n·g and variance n·v, where g and v are
the growth and the spread of one request's log e-value under the assumed effect, at the best of the
alternatives that the test averages over; averaging costs at most the logarithm of their weight. So the power
is Φ((n·g − bound − cost) / √(n·v)) or a little more, as evidence may cross the bound earlier and fall again.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from acceltrial.canary.evidence import ERROR_EFFECTS, FULL_START, Effects
from acceltrial.canary.guardrails import (
    ErrorGuardrail,
    EventGuardrail,
    Guardrail,
    QualityGuardrail,
    RankedGuardrail,
)
from acceltrial.canary.ranks import ALTERNATIVE_WEIGHTS, curves_at
from acceltrial.canary.records import Floats
from acceltrial.stats.sequential import odds_shift, ordered_factors, two_sample_log_e

POWER = 0.8
_Z = 0.8416  # standard normal quantile of POWER
_BLOCK = 1000.0
_SHARES = 400
Needed = Callable[[npt.ArrayLike], Floats]
"""Canary requests needed to show a share of the canary's; infinite where it cannot be shown."""


@dataclass(frozen=True)
class Detectable:
    """What one guardrail can show with the traffic at hand.

    Attributes:
        guardrail: its name.
        baseline_share: the share of failed, slow or unsuccessful requests that was assumed or seen.
        demanded_share: the share that the guardrail must be able to tell from it.
        needed_requests: canary requests needed to show `demanded_share` with 80 % power.
    """

    guardrail: str
    baseline_share: float
    demanded_share: float
    needed_requests: int
    needed: Needed

    def enough(self, canary_requests: float) -> bool:
        """Whether so many canary requests can show what is demanded."""
        return canary_requests >= self.needed_requests

    def smallest_share(self, canary_requests: float) -> float | None:
        """The smallest share that so many show with 80 % power; None: not even total failure."""
        return smallest_share(self.needed, self.baseline_share, canary_requests)


def smallest_share(needed: Needed, baseline_share: float, canary_requests: float) -> float | None:
    """The smallest share above the baseline's that `canary_requests` show, or None when none does."""
    shares = np.geomspace(max(baseline_share, 1e-4), 1.0, _SHARES)[1:]
    shown = np.flatnonzero(needed(shares) <= canary_requests)
    return float(shares[shown[0]]) if len(shown) else None


def share_needed(
    baseline_share: float,
    *,
    per_canary: float,
    bound: float,
    margin: float = 0.0,
    effects: Effects = ERROR_EFFECTS,
) -> Needed:
    """For failed or unsuccessful requests, with `per_canary` baseline requests beside each canary request."""
    base = min(max(baseline_share, 1e-4), 1 - 1e-4)
    guess = odds_shift(min(base + margin, 1 - 1e-4), effects.odds)
    n_c, n_b = _BLOCK, _BLOCK * per_canary
    targets = bound - np.log(FULL_START * effects.weights)

    def evidence(k_canary: npt.ArrayLike, k_baseline: float) -> Floats:
        return two_sample_log_e(
            k_canary, n_c, k_baseline, n_b, guess_baseline=base, guess_canary=guess, margin=margin
        )

    def needed(canary_share: npt.ArrayLike) -> Floats:
        share = np.atleast_1d(np.asarray(canary_share, dtype=np.float64))[:, None]
        expected = evidence(share * n_c, base * n_b)
        step_canary = evidence(1 + share * n_c, base * n_b) - expected
        step_baseline = evidence(share * n_c, 1 + base * n_b) - expected
        variance = share * (1 - share) * step_canary**2 + base * (1 - base) * per_canary * step_baseline**2
        return _first(expected / _BLOCK, variance, targets)

    return needed


def rank_needed(rule: RankedGuardrail, *, per_canary: float, bound: float) -> Needed:
    """For slow requests: the canary's share beyond the proof level, evenly more often at each rank there."""
    beyond = np.concatenate([[1.0], 1 - np.array(rule.levels)])
    masses = -np.diff(beyond, append=0.0)
    canary, baseline = ordered_factors(curves_at(rule.levels), np.array(1 / max(per_canary, 1e-9)))
    base = 1 - rule.levels[rule.proof_levels - 1]
    slow = beyond <= base + 1e-12
    targets = bound - np.log(FULL_START * ALTERNATIVE_WEIGHTS)

    def needed(canary_share: npt.ArrayLike) -> Floats:
        share = np.atleast_1d(np.asarray(canary_share, dtype=np.float64))[:, None]
        q = masses * np.where(slow, share / base, (1 - share) / (1 - base))
        growth = q @ canary.T + per_canary * (baseline @ masses)
        variance = q @ (canary**2).T - (q @ canary.T) ** 2
        variance = variance + per_canary * ((baseline**2) @ masses - (baseline @ masses) ** 2)
        return _first(growth, variance, targets)

    return needed


def _first(growth: Floats, variance: Floats, target: Floats) -> Floats:
    """The n that solves n·g − z·√(n·v) = target, for the best alternative (last axis)."""
    safe = np.where(growth > 0, growth, 1.0)
    spread = np.maximum(variance, 0.0)
    root = (_Z * np.sqrt(spread) + np.sqrt(_Z**2 * spread + 4 * safe * target)) / (2 * safe)
    return np.asarray(np.where(growth > 0, root**2, np.inf).min(axis=-1))


def detectable(
    rule: Guardrail,
    bound: float,
    *,
    per_canary: float,
    baseline_share: float | None = None,
) -> Detectable | None:
    """What `rule` can show; None for memory and cost, which do not count requests.

    `baseline_share` replaces the rule's own expectation once the baseline has been seen. For ranked values
    the share is that beyond the proof level.
    """
    if isinstance(rule, ErrorGuardrail | EventGuardrail):
        base = rule.expected_rate if baseline_share is None else baseline_share
        needed = share_needed(base, per_canary=per_canary, bound=bound, margin=rule.margin)
        demanded = base + rule.harm
    elif isinstance(rule, QualityGuardrail):
        base = 1 - rule.expected if baseline_share is None else baseline_share
        needed = share_needed(base, per_canary=per_canary, bound=bound, margin=rule.margin)
        demanded = base + rule.harm
    elif isinstance(rule, RankedGuardrail):
        base = 1 - rule.levels[rule.proof_levels - 1]
        needed = rank_needed(rule, per_canary=per_canary, bound=bound)
        demanded = float(odds_shift(base, rule.harm_odds))
    else:
        return None
    demanded = min(demanded, 1.0)
    count = float(needed(demanded)[0])
    whole = math.ceil(count) if math.isfinite(count) else 2**62
    return Detectable(rule.name, base, demanded, whole, needed)
