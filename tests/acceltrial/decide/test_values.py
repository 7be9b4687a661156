from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acceltrial.decide.values import Criterion, outside, raw_value, utility
from acceltrial.errors import ConfigurationError

finite = st.floats(-1e6, 1e6)


def test_linear_and_log_by_hand() -> None:
    assert utility([10, 15, 20], Criterion("c", "min", 10, 20)).tolist() == [1, 0.5, 0]
    assert utility([1, 10, 100], Criterion("c", "max", 1, 100, "log")) == pytest.approx([0, 0.5, 1])


def test_unknown_stays_unknown_and_zero_on_a_log_scale_is_the_bound() -> None:
    worth = utility([math.nan, 0.0, -3.0], Criterion("c", "min", 1, 100, "log"))
    assert np.isnan(worth[0])
    assert worth[1:].tolist() == [1, 1]


@given(finite, finite, st.sampled_from(["min", "max"]))
def test_better_values_are_never_worth_less(a: float, b: float, direction: str) -> None:
    u = utility([a, b], Criterion("c", direction, -100, 100))  # type: ignore[arg-type]
    assert np.all((u >= 0) & (u <= 1))
    better = a < b if direction == "min" else a > b
    assert not better or u[0] >= u[1]


@given(st.floats(0, 1), st.sampled_from(["linear", "log"]))
def test_raw_value_inverts(worth: float, scale: str) -> None:
    criterion = Criterion("c", "min", 0.5, 80, scale)  # type: ignore[arg-type]
    assert float(utility(raw_value(worth, criterion), criterion)) == pytest.approx(worth, abs=1e-9)


@pytest.mark.parametrize(("low", "high", "scale"), [(1, 1, "linear"), (2, 1, "linear"), (0, 1, "log")])
def test_bounds_that_do_not_rise_are_refused(low: float, high: float, scale: str) -> None:
    with pytest.raises(ConfigurationError):
        Criterion("c", "min", low, high, scale)  # type: ignore[arg-type]


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_bounds_that_are_not_finite_are_refused(bad: float) -> None:
    with pytest.raises(ConfigurationError):
        Criterion("c", "min", 0, bad)


def test_outside_is_about_known_values() -> None:
    assert outside([0, 5, 11, math.nan], Criterion("c", "min", 1, 10)).tolist() == [True, False, True, False]
