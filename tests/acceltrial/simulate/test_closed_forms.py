"""Features of the server, each against what can be worked out by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from acceltrial.simulate import Load, Server, StepTimes, simulate

pytestmark = pytest.mark.slow
SERVICE = 0.01
CONSTANT = StepTimes(shared=SERVICE, cache=0.0, token=0.0)
"""Every step takes 10 ms, whatever is in it."""


def erlang_c(servers: int, load: float) -> float:
    """The probability of waiting in M/M/c (Erlang 1917)."""
    last = load**servers / math.factorial(servers) * servers / (servers - load)
    return last / (sum(load**k / math.factorial(k) for k in range(servers)) + last)


@pytest.mark.parametrize("servers", [2, 4])
def test_replicas_of_one_place_wait_as_m_m_c_says(servers: int) -> None:
    """Answers of geometric length are nearly exponential; mean wait is C(c, a)·s ÷ (c·(1 - ρ)).

    A router that sees how many wait, not for how long, does a little worse than one line for all.
    """
    count, share, mean = 60_000, 0.7, 100
    rng = np.random.default_rng(7)
    service = mean * SERVICE
    arrivals = np.cumsum(rng.exponential(service / share / servers, count))
    load = Load.of(arrivals, np.ones(count, dtype=int), rng.geometric(1 / mean, count))
    server = Server(cache_tokens=1 << 20, max_sequences=1, replicas=servers, prefix_cache=False)
    ttft = simulate(load, CONSTANT, server).requests["ttft"].astype(float)
    expected = erlang_c(servers, share * servers) * service / (servers * (1 - share))
    assert expected < ttft.mean() - SERVICE < 2.2 * expected
    one = Server(cache_tokens=1 << 20, max_sequences=1, prefix_cache=False)
    alone = Load.of(arrivals * servers, load.inputs, load.outputs)
    single = simulate(alone, CONSTANT, one).requests["ttft"].astype(float)
    assert single.mean() - SERVICE == pytest.approx(share * service / (1 - share), rel=0.1)


def test_a_long_prompt_takes_as_many_steps_as_its_budget_says() -> None:
    load = Load.of(np.zeros(1), np.array([1000]), np.array([1]))
    found = simulate(load, CONSTANT, Server(cache_tokens=4096, token_budget=300)).requests[0]
    assert found["ttft"] == pytest.approx(4 * SERVICE)


def test_a_kept_prefix_is_not_read_again() -> None:
    steps = replace(CONSTANT, token=1e-3)
    load = Load.of(
        np.array([0.0, 50.0]),
        np.array([800, 800]),
        np.array([2, 2]),
        key=np.zeros(2),
        prefix=np.array([0, 640]),
    )
    first, second = simulate(load, steps, Server(cache_tokens=4096)).requests["ttft"]
    assert first == pytest.approx(0.8, rel=1e-4)
    assert second == pytest.approx(0.16, rel=1e-4)


def test_a_moved_request_waits_for_its_keys_and_values() -> None:
    load = Load.of(np.zeros(1), np.array([500]), np.array([3]))
    server = Server(cache_tokens=4096, replicas=2, prefill_replicas=1, transfer_s_per_token=1e-3)
    found = simulate(load, CONSTANT, server).requests[0]
    assert found["ttft"] == pytest.approx(SERVICE)
    # First token, move of 500 tokens, a step on the other side, one more.
    assert found["e2e"] == pytest.approx(SERVICE + 0.5 + 2 * SERVICE, rel=1e-4)


def test_a_replica_added_serves_after_its_start_up() -> None:
    count = 400
    load = Load.of(np.arange(count) * 0.05, np.ones(count, dtype=int), np.full(count, 20))
    server = Server(
        cache_tokens=1 << 20, max_sequences=1, max_replicas=2, prefix_cache=False, scale_up_at=4.0,
        scale_down_at=0.0, scaling_interval_s=1.0, start_up_s=5.0,
    )  # fmt: skip
    found = simulate(load, CONSTANT, server)
    requests = found.requests[found.requests["replica"] == 1]
    starts = requests["arrival"] + requests["ttft"]
    # Five wait after half a second already: the first look, at 1 s, adds one that serves from 6 s on.
    assert starts.min() == pytest.approx(6.0, abs=0.1)
    assert found.replicas.rep["down"][1] == pytest.approx(5.0)


def test_the_round_robin_takes_turns_and_priority_goes_first() -> None:
    load = Load.of(np.arange(9) * 10.0, np.ones(9, dtype=int), np.full(9, 2))
    server = Server(cache_tokens=4096, replicas=3, router="round_robin")
    assert simulate(load, CONSTANT, server).requests["replica"].tolist() == [0, 1, 2] * 3
    crowd = Load.of(
        np.array([0.0, 0.001, 0.002]), np.ones(3, dtype=int), np.full(3, 10), priority=np.array([1, 1, 0])
    )
    order = simulate(crowd, CONSTANT, Server(cache_tokens=4096, max_sequences=1)).requests["e2e"]
    assert order[0] < order[2] < order[1]


def test_requests_follow_their_prefix_unless_its_replica_is_overloaded() -> None:
    count = 60
    load = Load.of(
        np.arange(count) * 1.0,
        np.full(count, 64),
        np.full(count, 2),
        key=np.arange(count) % 3,
        prefix=np.full(count, 48),
    )
    server = Server(cache_tokens=1 << 14, replicas=3, router="prefix_aware")
    found = simulate(load, CONSTANT, server).requests
    for key in range(3):
        assert len(set(found["replica"][3:][found["key"][3:] == key])) == 1


def test_what_a_failed_replica_held_is_answered_elsewhere() -> None:
    load = Load.of(np.arange(200) * 0.2, np.full(200, 20), np.full(200, 50))
    calm = Server(cache_tokens=1 << 14, replicas=2)
    shaken = replace(calm, mtbf_s=10.0, repair_s=3.0)
    before, after = simulate(load, CONSTANT, calm, seed=2), simulate(load, CONSTANT, shaken, seed=2)
    assert (after.requests["status"] == 1).all()
    assert after.requests["e2e"].max() > before.requests["e2e"].max()
    down = after.replicas.rep["down"]
    assert (np.round(down / 3.0, 6) >= 1).all()
