from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from acceltrial.stats.sequential import (
    mean_sequence,
    mixture,
    normal_mixture_radius,
    odds_shift,
    one_sample_log_e,
    ordered_log_e,
    share_log_e,
    two_sample_log_e,
)

rates = st.floats(0.001, 0.999)


@given(
    n_c=st.integers(1, 12), n_b=st.integers(1, 12), p_b=rates,
    slack=st.just(0.0) | st.floats(1e-9, 1),  # scipy's binomial overflows at subnormal shares
    guess_b=rates, guess_c=rates, margin=st.floats(-0.3, 0.3),
)  # fmt: skip
@settings(max_examples=200, deadline=None)
def test_expected_evidence_under_any_null_is_at_most_one(n_c, n_b, p_b, slack, guess_b, guess_c, margin):
    p_c = slack * max(min(p_b + margin, 1.0), 0.0)
    if p_c > p_b + margin:
        return
    k_c, k_b = np.arange(n_c + 1)[:, None], np.arange(n_b + 1)[None, :]
    log_e = two_sample_log_e(k_c, n_c, k_b, n_b, guess_baseline=guess_b, guess_canary=guess_c, margin=margin)
    weight = stats.binom.pmf(k_c, n_c, p_c) * stats.binom.pmf(k_b, n_b, p_b)
    assert (np.exp(log_e) * weight).sum() <= 1 + 1e-9


def test_without_margin_it_is_the_likelihood_ratio_against_the_pooled_rate():
    theta_b, theta_c, n_b, n_c = 0.01, 0.05, 95, 5
    pooled = (n_b * theta_b + n_c * theta_c) / (n_b + n_c)
    expected = (
        stats.binom.logpmf(2, n_c, theta_c) - stats.binom.logpmf(2, n_c, pooled)
        + stats.binom.logpmf(3, n_b, theta_b) - stats.binom.logpmf(3, n_b, pooled)
    )  # fmt: skip
    found = two_sample_log_e(2, n_c, 3, n_b, guess_baseline=theta_b, guess_canary=theta_c)
    assert float(found) == pytest.approx(expected, rel=1e-6)


def test_one_sample_is_the_likelihood_ratio():
    expected = stats.binom.logpmf(7, 40, 0.2) - stats.binom.logpmf(7, 40, 0.1)
    assert float(one_sample_log_e(7, 40, bound=0.1, guess=0.2)) == pytest.approx(expected)


@given(values=st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_sums_of_graded_values_never_claim_more_than_the_exact_bets(values):
    x = np.array(values)
    bet = (0.4 - 0.2) / (0.2 * 0.8)
    exact = np.log1p(bet * (x - 0.2)).sum()
    assert float(one_sample_log_e(x.sum(), len(x), bound=0.2, guess=0.4)) <= exact + 1e-9


def test_an_arm_without_observations_says_nothing():
    assert float(two_sample_log_e(0, 0, 5, 10, guess_baseline=0.1, guess_canary=0.5)) == 0
    assert float(two_sample_log_e(5, 10, 0, 0, guess_baseline=0.1, guess_canary=0.5)) == 0


def test_mixture_is_the_log_of_the_mean():
    log_e = np.log(np.array([[1.0, 3.0], [4.0, 8.0]]))
    assert float(mixture(log_e, (0, 1))) == pytest.approx(math.log(4.0))
    weighted = mixture(log_e, (1,), np.array([[0.25, 0.75]]))
    assert np.exp(weighted) == pytest.approx([2.5, 7.0])


@given(p=rates, omega=st.floats(0.1, 50))
def test_odds_shift_multiplies_the_odds(p, omega):
    q = float(odds_shift(p, omega))
    assert q / (1 - q) == pytest.approx(omega * p / (1 - p), rel=1e-9)


def test_share_evidence_integrates_to_one_and_knows_the_impossible():
    n, share = 30, 0.25
    total = sum(math.exp(share_log_e(k, n, share)) * stats.binom.pmf(k, n, share) for k in range(n + 1))
    assert total == pytest.approx(1)
    assert share_log_e(1, 10, 0.0) == math.inf
    assert share_log_e(9, 10, 1.0) == math.inf
    assert share_log_e(0, 10, 0.0) < 0


def test_mean_sequence_covers_at_all_times_together():
    rng = np.random.default_rng(7)
    missed = 0
    for _ in range(300):
        x = rng.beta(2, 6, size=400)
        found = mean_sequence(x, alpha=0.1)
        missed += bool(np.any((found.low > 0.25) | (found.high < 0.25)))
    assert missed <= 300 * 0.1
    assert found.high[-1] - found.low[-1] < 0.2


def test_mean_sequence_scales_with_its_bounds_and_refuses_what_lies_outside():
    x = np.random.default_rng(1).random(50)
    unit, wide = mean_sequence(x, alpha=0.05), mean_sequence(10 * x - 5, alpha=0.05, low=-5, high=5)
    assert wide.low == pytest.approx(10 * unit.low - 5)
    for bad in ([1.5], [float("nan")], [-0.1]):
        with pytest.raises(ValueError, match="must lie in"):
            mean_sequence(bad, alpha=0.05)


def test_normal_mixture_holds_at_all_times_together():
    rng = np.random.default_rng(3)
    radius = normal_mixture_radius(np.arange(1, 501), alpha=0.05, tuned_at=100)
    crossed = np.abs(rng.standard_normal((1000, 500)).cumsum(axis=1)) >= radius
    assert crossed.any(axis=1).mean() <= 0.05


@pytest.mark.slow
def test_false_alarms_over_an_hour_of_looks_stay_below_alpha():
    rng = np.random.default_rng(11)
    streams, looks, p = 4000, 60, 0.01
    k_c = rng.binomial(60, p, (streams, looks))
    k_b = rng.binomial(1140, p, (streams, looks))
    effects = np.array([1.5, 2, 3, 6, 15])
    log_e = two_sample_log_e(
        k_c[..., None], 60, k_b[..., None], 1140, guess_baseline=p, guess_canary=odds_shift(p, effects)
    )
    evidence = mixture(log_e.cumsum(axis=1), (2,))
    assert (evidence.max(axis=1) >= math.log(1 / 0.05)).mean() <= 0.05


@given(
    masses=st.lists(st.floats(0.05, 1), min_size=3, max_size=3),
    lowered=st.lists(st.floats(0, 1), min_size=2, max_size=2),
    ratio=st.lists(st.floats(0, 30), min_size=3, max_size=3),
    n_c=st.integers(1, 4),
    n_b=st.integers(1, 4),
)
@settings(max_examples=100, deadline=None)
def test_ordered_evidence_averages_to_at_most_one_while_the_canary_is_no_slower(
    masses, lowered, ratio, n_c, n_b
):
    """Exactly, over all outcomes, for any baseline and any canary that is stochastically no larger."""
    p_b = np.array(masses) / sum(masses)
    beyond = np.append(p_b[::-1].cumsum()[::-1][1:] * lowered, 0.0)
    beyond = np.minimum.accumulate(beyond)
    p_c = np.array([1 - beyond[0], beyond[0] - beyond[1], beyond[1] - beyond[2]])
    total = 0.0
    for k_c in _outcomes(n_c):
        for k_b in _outcomes(n_b):
            chance = stats.multinomial.pmf(k_c, n_c, p_c) * stats.multinomial.pmf(k_b, n_b, p_b)
            total += chance * float(np.exp(ordered_log_e(k_c, k_b, ratio=ratio)))
    assert total <= 1 + 1e-9


def _outcomes(n):
    return [(a, b, n - a - b) for a in range(n + 1) for b in range(n + 1 - a)]
