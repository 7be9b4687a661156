from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acceltrial.cost.breakeven import break_even, linear_break_even


@given(st.floats(1, 1e4), st.floats(0.01, 10), st.floats(0.01, 10))
def test_bisection_agrees_with_the_closed_form(fixed: float, cheap: float, gap: float) -> None:
    closed = linear_break_even(fixed, cheap, 0.0, cheap + gap)
    assert closed == pytest.approx(fixed / gap)
    got = break_even(lambda x: fixed + cheap * x, lambda x: (cheap + gap) * x, low=1e-6, high=1e8)
    assert got == pytest.approx(closed, rel=1e-6)


def test_jumps_are_found_and_no_crossing_is_none() -> None:
    assert break_even(lambda x: math.ceil(x / 10), lambda _x: 2.5, low=1, high=100) == pytest.approx(
        20, rel=1e-6
    )
    assert break_even(lambda x: x, lambda x: x + 1, low=1, high=10) is None
    assert linear_break_even(1, 2, 5, 2) is None
    assert linear_break_even(1, 2, 5, 3) is None


@pytest.mark.parametrize(("low", "high"), [(0, 1), (2, 1)])
def test_a_wrong_range_is_refused(low: float, high: float) -> None:
    with pytest.raises(ValueError, match="need 0"):
        break_even(lambda x: x, lambda x: 2 * x, low=low, high=high)
    with pytest.raises(ValueError, match="unknown"):
        break_even(lambda _x: math.nan, lambda x: x, low=1, high=2)
