from __future__ import annotations

import numpy as np
import pytest

from acceltrial.canary.guardrails import LEVELS
from acceltrial.canary.ranks import ALTERNATIVES, rank_scores
from acceltrial.canary.witnesses import VALUE_SCORES, Scored, requests_per_witness

LOOKS, PER_LOOK = 40, 60
N = LOOKS * PER_LOOK
RNG_SEEDS = range(20)


def autocorrelated(rng, rho, n=N):
    noise = rng.standard_normal(n) * np.sqrt(1 - rho**2)
    found = np.empty(n)
    found[0] = rng.standard_normal()
    for i in range(1, n):
        found[i] = rho * found[i - 1] + noise[i]
    return found


def rank_bins(normal):
    from scipy.special import ndtri

    return np.searchsorted(ndtri(np.array(LEVELS)), normal)


def ratio(canary, baseline, scores):
    look = np.arange(len(canary)) // PER_LOOK
    return requests_per_witness(Scored(look, canary, baseline), scores, LOOKS)


def test_requests_of_their_own_are_a_witness_each():
    found = []
    for seed in RNG_SEEDS:
        rng = np.random.default_rng(seed)
        found.append(ratio(*(rank_bins(rng.standard_normal(N)) for _ in range(2)), rank_scores(LEVELS)))
    assert np.min(found) == 1
    assert np.mean(found) < 1.01


def test_rare_failures_that_fall_together_by_chance_are_witnesses_still():
    found = []
    for seed in RNG_SEEDS:
        failed = np.random.default_rng(seed).random((2, N)) < 0.01
        found.append(ratio(*(8 * failed).astype(np.int64), VALUE_SCORES))
    assert np.mean(found) < 1.02


def test_correlated_requests_count_by_how_much_less_they_tell():
    """(1 + ρ) / (1 − ρ) = 19 for the values themselves; a little less once they are put into a few bins."""
    found = []
    for seed in RNG_SEEDS:
        rng = np.random.default_rng(seed)
        arms = [rank_bins(autocorrelated(rng, 0.9)) for _ in range(2)]
        found.append(ratio(*arms, rank_scores(LEVELS))[-1, 0])
    assert 9 < np.mean(found) < 25


def test_what_the_arms_share_is_no_reason_for_doubt():
    rng = np.random.default_rng(1)
    shared = np.repeat(rng.standard_normal(N // 20), 20)
    arms = [rank_bins(0.7 * shared + 0.7 * rng.standard_normal(N)) for _ in range(2)]
    alone = [rank_bins(0.7 * np.roll(shared, 7000 * i) + 0.7 * rng.standard_normal(N)) for i in range(2)]
    assert ratio(*arms, rank_scores(LEVELS))[-1, 0] < 2 < 4 < ratio(*alone, rank_scores(LEVELS))[-1, 0]


def test_a_pause_of_the_baseline_s_own_makes_the_canary_s_doubtful():
    rng = np.random.default_rng(2)
    paused = np.arange(N) % 150 < 6
    found = ratio(rank_bins(rng.standard_normal(N)), np.where(paused, len(LEVELS), 1), rank_scores(LEVELS))
    assert found[-1, [a.name for a in ALTERNATIVES].index("tail of 5 % +")] > 3


@pytest.mark.parametrize("at", [10, 20, 30])
def test_harm_that_begins_is_no_correlation(at):
    rng = np.random.default_rng(at)
    slower = np.where(np.arange(N) >= at * PER_LOOK, 0.45, 0.0)
    found = ratio(*(rank_bins(rng.standard_normal(N) + by) for by in (slower, 0.0)), rank_scores(LEVELS))
    assert np.mean(found) < 1.1


def test_it_is_fixed_before_the_look():
    rng = np.random.default_rng(3)
    arms = [rank_bins(autocorrelated(rng, 0.9)) for _ in range(2)]
    whole = ratio(*arms, rank_scores(LEVELS))
    cut = 25 * PER_LOOK
    part = ratio(*(arm[:cut] for arm in arms), rank_scores(LEVELS))
    assert np.array_equal(whole[:26], part[:26])


def test_a_few_requests_tell_nothing():
    none = np.zeros(0, np.int64)
    assert np.all(requests_per_witness(Scored(none, none, none), VALUE_SCORES, 3) == 1)
