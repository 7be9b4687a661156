"""Schedules."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acceltrial.errors import ConfigurationError
from acceltrial.load import Schedule


def test_open_loop_is_the_same_for_a_seed() -> None:
    one, two, other = (
        Schedule.open_loop("gamma:2", rate_rps=5, duration_s=20, input_tokens="lognormal:100,1", seed=seed)
        for seed in (1, 1, 2)
    )
    assert np.array_equal(one.intended_s, two.intended_s)
    assert np.array_equal(one.input_tokens, two.input_tokens)
    assert len(one) != len(other) or not np.array_equal(one.intended_s, other.intended_s)
    assert one.mode == "open"
    assert one.rate_rps == pytest.approx(len(one) / one.span_s)


def test_lengths_do_not_change_the_times() -> None:
    short = Schedule.open_loop("poisson", rate_rps=5, requests=50, input_tokens=8)
    long = Schedule.open_loop("poisson", rate_rps=5, requests=50, input_tokens="uniform:1,9000")
    assert np.array_equal(short.intended_s, long.intended_s)


def test_closed_loop() -> None:
    schedule = Schedule.closed_loop(4, requests=10, think_s=0.5, duration_s=3)
    assert (schedule.mode, schedule.concurrency, schedule.stop_after_s) == ("closed", 4, 3)
    assert schedule.rate_rps is None
    assert schedule.think_s is not None


def test_from_arrivals_and_warp() -> None:
    schedule = Schedule.from_arrivals([100.0, 101.0, 110.0], input_tokens=[5, 6, 7], warp=20)
    assert schedule.intended_s.tolist() == [0.0, 0.05, 0.5]
    assert schedule.input_tokens.tolist() == [5, 6, 7]
    with pytest.raises(ConfigurationError):
        Schedule.from_arrivals([2.0, 1.0])
    with pytest.raises(ConfigurationError):
        Schedule.from_arrivals([0.0, float("nan")])
    with pytest.raises(ConfigurationError):
        Schedule.from_arrivals([0.0, 1.0], warp=0)


def test_prompts() -> None:
    schedule = Schedule.open_loop("constant", rate_rps=2, prompts=["a", "b"])
    assert len(schedule) == 2
    assert schedule.input_tokens.tolist() == [-1, -1]
    again = Schedule.open_loop("constant", rate_rps=2, requests=3).with_prompts(["a", "b", "c"])
    assert again.prompts == ["a", "b", "c"]
    with pytest.raises(ConfigurationError):
        Schedule.open_loop("constant", rate_rps=2, requests=3, prompts=["a"])


def test_steps() -> None:
    schedule = Schedule.steps("poisson", [(100, 1), (10, 1)], seed=1)
    assert np.sum(schedule.intended_s < 1) > 50
    assert schedule.asked_rps == 55


@given(
    st.lists(st.floats(0, 100), min_size=1, max_size=8),
    st.integers(1, 5),
    st.floats(0, 5),
    st.integers(0, 99),
)
@settings(max_examples=60)
def test_sessions_wait_for_the_turn_before(starts: list[float], turns: int, think: float, seed: int) -> None:
    schedule = Schedule.sessions(sorted(starts), turns=turns, think_s=think, seed=seed)
    assert len(schedule) == len(starts) * turns
    assert schedule.after is not None
    assert schedule.session is not None
    assert schedule.turn is not None
    for index, before in enumerate(schedule.after.tolist()):
        if before < 0:
            assert schedule.turn[index] == 0
        else:
            assert schedule.session[before] == schedule.session[index]
            assert schedule.turn[before] == schedule.turn[index] - 1


@pytest.mark.parametrize("times", [[1.0, 0.5], [-1.0], [float("inf")], [float("nan")]])
def test_bad_times(times: list[float]) -> None:
    ones = np.ones(len(times), dtype=np.int64)
    with pytest.raises(ConfigurationError):
        Schedule(np.array(times), ones, ones, "hand-made")


def test_other_bad_schedules() -> None:
    ones = np.ones(2, dtype=np.int64)
    for columns in ({"after": np.array([0, 1])}, {"turn": np.zeros(3)}, {"prompts": ["a"]}):
        with pytest.raises(ConfigurationError):
            Schedule(np.array([0.0, 1.0]), ones, ones, "hand-made", **columns)
    with pytest.raises(ConfigurationError):
        Schedule.closed_loop(0, requests=3)
    with pytest.raises(ConfigurationError):
        Schedule.sessions([0.0], turns=0, think_s=1)
    with pytest.raises(ConfigurationError):
        Schedule.open_loop("poisson", rate_rps=1, requests=3, input_tokens=[1, 2])
