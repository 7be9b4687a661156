from __future__ import annotations

import pytest

from acceltrial.decide.supposition import parse
from stages.score.figures import Given
from stages.score.service import Figures
from stages.score.supposed import Supposed, answering, slower

UNKNOWN = Given(reason="nobody measured it")
FIGURES = Figures(
    capacity=Given(10.0, 8.0, 12.0, "measured"),
    failure=UNKNOWN,
    on_time=UNKNOWN,
    correct=Given(0.8, 0.7, 0.9, "declared"),
    watts=UNKNOWN,
    energy=UNKNOWN,
    latency=UNKNOWN,
    step_time=Given(2.0, 1.0, 3.0, "measured"),
)


def test_half_the_capacity_is_twice_the_step_time() -> None:
    half = slower(FIGURES, 0.5)
    assert (half.capacity.value, half.capacity.low, half.capacity.high) == (5.0, 4.0, 6.0)
    assert half.step_time.value == 4.0


def test_a_supposed_success_rate_is_known_and_no_more_than_one() -> None:
    assert answering(FIGURES, 0.5).correct.high == 0.5
    assert answering(FIGURES, 1.7).correct.value == 1.0
    assert answering(FIGURES, 0.5).correct.grade == "predicted"


def test_both_are_applied_and_unknown_stays_unknown() -> None:
    capacity, rate = parse(["c=x0.5", "s=+10%"], ["c", "s"])
    found = Supposed(capacity, rate).applied(FIGURES)
    assert found.capacity.value == 5.0
    assert found.correct.value == pytest.approx(0.88)
    assert Supposed().applied(FIGURES) is FIGURES
    assert not slower(answering(FIGURES, 0.5), 0.5).watts.known
