"""The smallest effect that given traffic can show, and the traffic that a given effect needs.

The evidence of n canary requests is close to normal with mean n·g and variance n·v, where g and v are
the growth and the spread of one request's log e-value under the assumed effect, at the best of the
effects that the test averages over; averaging costs at most the logarithm of their number. So the power is
Φ((n·g − bound − cost) / √(n·v)) or a little more, as evidence may cross the bound earlier and fall again.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from acceltrial.canary.evidence import ERROR_EFFECTS, FULL_START, SLOW_EFFECTS, Effects
from acceltrial.canary.guardrails import ErrorGuardrail, Guardrail, LatencyGuardrail, QualityGuardrail
from acceltrial.stats.sequential import odds_shift, two_sample_log_e

POWER = 0.8
_Z = 0.8416  # standard normal quantile of POWER
_BLOCK = 1000.0


@dataclass(frozen=True)
class Detectable:
    """What one guardrail can show with the traffic at hand.

    Attributes:
        guardrail: its name.
        baseline_share: the share of failed, slow or unsuccessful requests that was assumed or seen.
        demanded_share: the share that the guardrail must be able to tell from it.
        needed_requests: canary requests needed to show `demanded_share` with 80 % power.
        per_canary: baseline requests beside each canary request.
    """

    guardrail: str
    baseline_share: float
    demanded_share: float
    needed_requests: int
    per_canary: float
    bound: float
    margin: float
    effects: Effects

    def enough(self, canary_requests: float) -> bool:
        """Whether so many canary requests can show what is demanded."""
        return canary_requests >= self.needed_requests

    def smallest_share(self, canary_requests: float) -> float | None:
        """The smallest share that so many show with 80 % power; None: not even total failure."""
        return smallest_share(
            self.baseline_share,
            canary_requests,
            per_canary=self.per_canary,
            bound=self.bound,
            margin=self.margin,
            effects=self.effects,
        )


def needed_requests(
    baseline_share: float,
    canary_share: float,
    *,
    per_canary: float,
    bound: float,
    margin: float = 0.0,
    effects: Effects = ERROR_EFFECTS,
) -> float:
    """Canary requests after which the test rolls back with 80 % probability. Infinite inside the margin.

    `per_canary` is the number of baseline requests beside each canary request.
    """
    base = min(max(baseline_share, 1e-4), 1 - 1e-4)
    shares = np.array([canary_share, base])
    guess = odds_shift(min(base + margin, 1 - 1e-4), effects.odds)
    counts = (_BLOCK, _BLOCK * per_canary)

    def evidence(k_canary: float, k_baseline: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        return two_sample_log_e(
            k_canary, counts[0], k_baseline, counts[1], guess_baseline=base, guess_canary=guess, margin=margin
        )

    expected = evidence(shares[0] * counts[0], shares[1] * counts[1])
    step_canary = evidence(1 + shares[0] * counts[0], shares[1] * counts[1]) - expected
    step_baseline = evidence(shares[0] * counts[0], 1 + shares[1] * counts[1]) - expected
    spread = shares * (1 - shares) * np.array(counts)
    variance = (spread[0] * step_canary**2 + spread[1] * step_baseline**2) / _BLOCK
    growth = expected / _BLOCK
    targets = bound - np.log(FULL_START * effects.weights)
    found = [_first(*map(float, case)) for case in zip(growth, variance, targets, strict=True)]
    return min(found)


def _first(growth: float, variance: float, target: float) -> float:
    """The n that solves n·g − z·√(n·v) = target."""
    if growth <= 0:
        return math.inf
    root = (_Z * math.sqrt(variance) + math.sqrt(_Z**2 * variance + 4 * growth * target)) / (2 * growth)
    return root**2


def smallest_share(
    baseline_share: float,
    canary_requests: float,
    *,
    per_canary: float,
    bound: float,
    margin: float = 0.0,
    effects: Effects = ERROR_EFFECTS,
) -> float | None:
    """The smallest canary share that `canary_requests` show with 80 % power, or None when none does."""

    def needed(share: float) -> float:
        return needed_requests(
            baseline_share, share, per_canary=per_canary, bound=bound, margin=margin, effects=effects
        )

    low, high = baseline_share + margin, 1.0
    if needed(high) > canary_requests:
        return None
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (low, middle) if needed(middle) <= canary_requests else (middle, high)
    return high


def detectable(
    rule: Guardrail,
    bound: float,
    *,
    per_canary: float,
    baseline_share: float | None = None,
) -> Detectable | None:
    """What `rule` can show; None for guardrails that do not count requests (memory).

    `baseline_share` replaces the rule's own expectation once the baseline has been seen. For latency the
    share is that beyond the highest level.
    """
    margin, effects = 0.0, ERROR_EFFECTS
    if isinstance(rule, ErrorGuardrail):
        base = rule.expected_rate if baseline_share is None else baseline_share
        demanded, margin = base + rule.harm, rule.margin
    elif isinstance(rule, QualityGuardrail):
        base = 1 - rule.expected if baseline_share is None else baseline_share
        demanded, margin = base + rule.harm, rule.margin
    elif isinstance(rule, LatencyGuardrail):
        base = 1 - max(rule.levels)
        demanded = float(odds_shift(base, rule.harm_odds))
        bound += math.log(len(rule.levels))
        effects = SLOW_EFFECTS
    else:
        return None
    demanded = min(demanded, 1.0)
    needed = needed_requests(
        base, demanded, per_canary=per_canary, bound=bound, margin=margin, effects=effects
    )
    whole = math.ceil(needed) if math.isfinite(needed) else 2**62
    return Detectable(rule.name, base, demanded, whole, per_canary, bound, margin, effects)
