from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acceltrial.canary.detectable import rank_needed, share_needed, smallest_share
from acceltrial.canary.evidence import ERROR_EFFECTS, compare, share_blocks
from acceltrial.canary.guardrails import LatencyGuardrail
from acceltrial.canary.tally import Tally

BOUND = math.log(200)


def needed_requests(base, share, beside=19.0):
    return float(share_needed(base, per_canary=beside, bound=BOUND)(share)[0])


@given(base=st.floats(0.001, 0.2), low=st.floats(1.5, 3), high=st.floats(3.5, 8), beside=st.floats(1, 50))
@settings(max_examples=40, deadline=None)
def test_larger_harm_needs_fewer_requests(base, low, high, beside):
    few = needed_requests(base, min(high * base, 1.0), beside)
    assert few <= needed_requests(base, min(low * base, 1.0), beside)


@given(beside=st.floats(0.5, 50), share=st.floats(0.02, 0.5))
@settings(max_examples=30, deadline=None)
def test_slower_tails_need_fewer_requests(beside, share):
    needed = rank_needed(LatencyGuardrail(), per_canary=beside, bound=BOUND)
    assert needed(min(1.5 * share, 1.0))[0] <= needed(share)[0]
    assert needed(0.01)[0] == math.inf


@given(base=st.floats(0.001, 0.2), requests=st.integers(50, 20_000))
@settings(max_examples=30, deadline=None)
def test_the_smallest_share_is_the_inverse_of_the_needed_requests(base, requests):
    needed = share_needed(base, per_canary=19, bound=BOUND)
    share = smallest_share(needed, base, requests)
    if share is not None:
        assert needed(share)[0] <= requests


def test_no_harm_can_never_be_shown_and_nothing_is_shown_by_one_request():
    assert needed_requests(0.01, 0.01) == math.inf
    assert smallest_share(share_needed(0.01, per_canary=19, bound=BOUND), 0.01, 1) is None


@pytest.mark.slow
@pytest.mark.parametrize(("base", "share"), [(0.01, 0.02), (0.05, 0.1), (0.01, 0.05)])
def test_the_forecast_power_is_reached_in_simulation(base, share):
    rng = np.random.default_rng(1)
    needed = needed_requests(base, share)
    looks = 40
    per_look = math.ceil(needed / looks)
    found = 0
    for _ in range(200):
        k_c = rng.binomial(per_look, share, (looks, 1, 1)).astype(float)
        k_b = rng.binomial(per_look * 19, base, (looks, 1, 1)).astype(float)
        n_c, n_b = np.full_like(k_c, per_look), np.full_like(k_b, per_look * 19)
        tally = Tally(k_c, n_c, k_b, n_b, np.array(base), 100.0)
        blocks = share_blocks(tally, 0.0, ERROR_EFFECTS)
        result = compare(tally, blocks, ERROR_EFFECTS.weights, restart_looks=100)
        found += bool((result.harm >= BOUND).any())
    assert found >= 0.75 * 200
