from __future__ import annotations

import math
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acceltrial.evidence import Figure, Grade, Interval, weakest_grade

DAY = datetime(2026, 11, 22, tzinfo=UTC)


def test_an_unknown_value_and_a_missing_interval_need_a_reason() -> None:
    with pytest.raises(ValueError, match="reason"):
        Figure(None, "ms", Grade.MEASURED, "s", DAY)
    with pytest.raises(ValueError, match="reason"):
        Figure(1.0, "ms", Grade.MEASURED, "s", DAY)
    assert Figure(None, "ms", Grade.PREDICTED, "s", DAY, reason="does not fit").value is None
    assert Figure(1.0, "ms", Grade.MEASURED, "s", DAY, interval=Interval(0.9, 1.1, 0.95, "m")).reason == ""


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_figure_is_finite(value: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        Figure(value, "ms", Grade.MEASURED, "s", DAY, reason="r")


@given(st.floats(allow_nan=True), st.floats(allow_nan=True))
def test_an_interval_is_ordered_or_refused(low: float, high: float) -> None:
    if low <= high:
        assert Interval(low, high, 0.9, "m").low == low
    else:
        with pytest.raises(ValueError, match="ordered"):
            Interval(low, high, 0.9, "m")


def test_what_is_computed_is_no_stronger_than_its_weakest_part() -> None:
    assert weakest_grade([Grade.MEASURED, Grade.PREDICTED]) is Grade.PREDICTED
    assert weakest_grade([Grade.PUBLISHED, Grade.DECLARED, Grade.MEASURED]) is Grade.DECLARED
    with pytest.raises(ValueError, match="empty"):
        weakest_grade([])
