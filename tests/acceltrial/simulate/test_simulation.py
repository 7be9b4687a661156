"""Conservation of tokens, blocks and time; closed forms; determinism."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acceltrial.simulate import Load, Server, StepTimes, simulate
from acceltrial.simulate.summary import Targets, summarise
from tests.acceltrial.simulate.conftest import STEPS, check_conservation, random_load
from tests.acceltrial.simulate.reference import reference

# The first use compiles for most of a minute on a machine that has not run it before.
pytestmark = pytest.mark.slow
SERVERS = {
    "one": Server(cache_tokens=400_000),
    "little memory": Server(cache_tokens=6_000, replicas=2),
    "small chunks": Server(cache_tokens=100_000, token_budget=64, max_sequences=16),
    "round robin": Server(cache_tokens=100_000, replicas=3, router="round_robin"),
    "by prefix": Server(cache_tokens=30_000, replicas=3, router="prefix_aware"),
    "without prefixes": Server(cache_tokens=30_000, replicas=2, prefix_cache=False),
    "prompts with a tail": Server(cache_tokens=5_000, replicas=2, prompt_tail=4, mtbf_s=20.0),
    "disaggregated": Server(
        cache_tokens=20_000, replicas=4, prefill_replicas=2, transfer_s_per_token=1e-5
    ),
    "scaling": Server(
        cache_tokens=100_000, max_replicas=5, start_up_s=5.0, scale_up_at=8.0, scale_down_at=2.0,
        scaling_interval_s=1.0,
    ),
    "failing": Server(cache_tokens=20_000, replicas=3, mtbf_s=20.0, repair_s=5.0),
    "all": Server(
        cache_tokens=8_000, replicas=4, prefill_replicas=1, max_replicas=6, mtbf_s=15.0, start_up_s=3.0,
        repair_s=4.0, router="prefix_aware", transfer_s_per_token=1e-6, scale_up_at=6.0, scale_down_at=1.0,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SERVERS)
@pytest.mark.parametrize(("rate", "seed"), [(5.0, 1), (60.0, 2), (400.0, 3)])
def test_no_token_block_or_second_gets_lost(name: str, rate: float, seed: int) -> None:
    load = random_load(1500, rate, seed)
    check_conservation(load, simulate(load, STEPS, SERVERS[name], seed=seed))


def test_the_servers_do_preempt_hit_move_scale_and_fail() -> None:
    from acceltrial.simulate.state import HIT, MOVED, PREEMPTIONS, RETRIES

    load = random_load(1500, 60.0, 2)
    found = {name: simulate(load, STEPS, server, seed=2).replicas for name, server in SERVERS.items()}
    assert found["little memory"].counts[PREEMPTIONS] > 0
    assert found["by prefix"].counts[HIT] > found["without prefixes"].counts[HIT] == 0
    assert found["disaggregated"].counts[MOVED] >= 1000
    assert (found["scaling"].rep["finished"] > 0).sum() > 1
    assert found["failing"].counts[RETRIES] > 0
    assert found["failing"].rep["down"].sum() > 0


def test_one_request_is_the_sum_of_its_steps() -> None:
    """Prefill is max(memory, arithmetic) + layers; then output - 1 steps of memory, cache, arithmetic."""
    steps = StepTimes(shared=0.01, cache=1e-6, token=1e-5, layers=0.001, sequence=0.002, blend=1.0, base=0.05)
    tokens, answer = 3000, 40
    load = Load.of(np.array([7.0]), np.array([tokens]), np.array([answer]))
    found = simulate(load, steps, Server(cache_tokens=10_000, token_budget=5000, most_steps=1)).requests[0]
    first = max(0.01, tokens * 1e-5) + 0.001
    assert found["ttft"] == pytest.approx(first + 0.05, rel=1e-6)
    contexts = tokens + np.arange(answer - 1)
    rest = (0.01 + 1e-6 * contexts + 1e-5 + 0.002 + 0.001).sum()
    assert found["e2e"] == pytest.approx(first + rest + 0.05, rel=1e-5)
    assert found["itl_p50"] == pytest.approx(rest / (answer - 1), rel=0.036)


@pytest.mark.parametrize(
    "server",
    [
        Server(cache_tokens=100_000, prefix_cache=False, most_steps=1),
        Server(cache_tokens=3_000, prefix_cache=False, most_steps=1),
        Server(cache_tokens=20_000, prefix_cache=False, most_steps=1, token_budget=48, max_sequences=8),
        Server(cache_tokens=3_000, prefix_cache=False, most_steps=1, max_sequences=8, prompt_tail=4),
        Server(cache_tokens=20_000, prefix_cache=False, most_steps=1, token_budget=48, prompt_tail=7),
    ],
    ids=["roomy", "preempting", "small steps", "prompts with a tail", "tails in small steps"],
)
@pytest.mark.parametrize("rate", [3.0, 30.0, 300.0])
def test_every_time_equals_that_of_a_plain_reference(server: Server, rate: float) -> None:
    load = random_load(150, rate, 3, most=500)
    load = replace(load, priority=np.zeros_like(load.priority))
    steps = replace(STEPS, experts=2e-3, expert_share=0.1, prompt=1e-3, link=1e-6, prefill_factor=1.2)
    ttft, e2e = reference(load, steps, server)
    found = simulate(load, steps, server).requests
    np.testing.assert_allclose(found["ttft"], ttft, rtol=2e-3)
    np.testing.assert_allclose(found["e2e"], e2e, rtol=2e-3)


def test_a_lone_line_waits_as_m_d_1_says() -> None:
    """Mean wait of M/D/1: s·ρ ÷ (2·(1-ρ)) (Pollaczek 1930, Khinchine 1932)."""
    service, share, count = 0.01, 0.7, 60_000
    arrivals = np.cumsum(np.random.default_rng(5).exponential(service / share, count))
    load = Load.of(arrivals, np.full(count, 100), np.ones(count, dtype=int))
    steps = StepTimes(shared=service, cache=0.0, token=0.0)
    server = Server(cache_tokens=1600, max_sequences=1, prefix_cache=False)
    ttft = simulate(load, steps, server).requests["ttft"].astype(float)
    expected = service * share / (2 * (1 - share))
    assert ttft.mean() - service == pytest.approx(expected, rel=0.06)


def test_equal_seeds_give_equal_bytes_and_steps_at_once_change_little() -> None:
    load = random_load(2000, 40.0, 4)
    once, again = (simulate(load, STEPS, SERVERS["failing"], seed=9).requests for _ in range(2))
    assert once.tobytes() == again.tobytes()
    other = simulate(load, STEPS, SERVERS["failing"], seed=10).requests
    assert once.tobytes() != other.tobytes()
    singly = simulate(load, STEPS, replace(SERVERS["one"], most_steps=1)).requests
    together = simulate(load, STEPS, SERVERS["one"]).requests
    for name in ("ttft", "e2e"):
        assert np.quantile(together[name], 0.95) == pytest.approx(np.quantile(singly[name], 0.95), rel=0.02)


def test_more_replicas_wait_less_and_priority_goes_first() -> None:
    load = random_load(3000, 60.0, 6)
    one = simulate(load, STEPS, Server(cache_tokens=100_000)).requests["ttft"]
    four = simulate(load, STEPS, Server(cache_tokens=100_000, replicas=4)).requests["ttft"]
    assert np.quantile(four, 0.95) < np.quantile(one, 0.95)
    crowded = simulate(random_load(3000, 400.0, 6), STEPS, Server(cache_tokens=20_000)).requests
    high = crowded["priority"] == 0
    assert np.median(crowded["ttft"][high]) < np.median(crowded["ttft"][~high])


def test_what_never_fits_is_rejected_and_told() -> None:
    load = Load.of(np.array([0.0, 1.0]), np.array([100, 5000]), np.array([10, 10]))
    simulation = simulate(load, STEPS, Server(cache_tokens=1024))
    result = summarise(simulation, Targets(ttft_ms=1e-3))
    assert (result["completed"], result["rejected"]) == (1, 1)
    assert result["goodput_rps"] == 0
    assert result["slo_attainment"] == 0


@settings(max_examples=80, deadline=None)
@given(
    server=st.builds(
        lambda replicas, share, extra, **others: Server(
            replicas=replicas,
            prefill_replicas=int(share * replicas),
            max_replicas=replicas + extra,
            scaling_interval_s=0.5,
            scale_up_at=3.0,
            scale_down_at=1.0,
            **others,
        ),
        replicas=st.integers(1, 5),
        share=st.floats(0.0, 0.99),
        extra=st.integers(0, 3),
        cache_tokens=st.integers(200, 20_000),
        token_budget=st.integers(1, 3000),
        prompt_tail=st.sampled_from([0, 0, 1, 4, 40]),
        max_sequences=st.integers(1, 64),
        prefix_cache=st.booleans(),
        router=st.sampled_from(["round_robin", "least_loaded", "prefix_aware"]),
        mtbf_s=st.none() | st.floats(2.0, 100.0),
        repair_s=st.floats(0.1, 20.0),
        start_up_s=st.floats(0.1, 20.0),
        transfer_s_per_token=st.floats(0.0, 1e-3),
    ),
    rate=st.floats(1.0, 500.0),
    count=st.integers(1, 300),
    seed=st.integers(0, 1000),
)
def test_nothing_gets_lost_on_any_server(server: Server, rate: float, count: int, seed: int) -> None:
    load = random_load(count, rate, seed, most=400)
    check_conservation(load, simulate(load, STEPS, server, seed=seed))
