from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acceltrial.canary.lever import LeverError
from acceltrial.canary.levers.weights import parts_of, write_and_verify


@given(st.floats(0, 1), st.integers(2, 10_000))
def test_parts_sum_up_and_no_arm_vanishes_by_rounding(share, whole):
    baseline, canary = parts_of(share, whole)
    assert baseline + canary == whole
    assert (canary == 0) == (share == 0)
    assert (baseline == 0) == (share == 1)
    assert abs(canary / whole - share) <= 1 / whole


def test_what_is_written_is_read_back(weights):
    assert write_and_verify(weights, 0.25).share == 0.25
    weights.lie = 0.9
    with pytest.raises(LeverError, match=r"25.00% was written, but 90.00% is read back"):
        write_and_verify(weights, 0.25)
