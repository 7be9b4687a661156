from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acceltrial.cost.success import (
    action_success,
    attempts_per_request,
    on_time_among_answered,
    request_success,
)

share = st.floats(0, 1)


def test_by_hand() -> None:
    assert float(attempts_per_request(0.5, 2)) == pytest.approx(1.75)
    assert float(request_success(0.5, 2)) == pytest.approx(0.875)
    assert float(action_success(0.5, 0.9, 0.8, 2.0, 0)) == pytest.approx(0.5**2 * 0.9 * 0.8)
    assert float(action_success(0.5, 1.0, 1.0, 0.25, 0)) == pytest.approx(0.5)
    assert float(on_time_among_answered(0.72, 0.1)) == pytest.approx(0.8)
    assert float(on_time_among_answered(0.0, 1.0)) == 0


@given(share, share, share, share, st.floats(0.1, 50))
def test_more_failures_or_misses_never_help(f: float, g: float, a: float, q: float, n: float) -> None:
    worse = max(f, g)
    assert action_success(worse, a, q, n) <= action_success(min(f, g), a, q, n) + 1e-12
    assert attempts_per_request(worse) >= attempts_per_request(min(f, g)) - 1e-12
    assert 0 <= float(action_success(f, a, q, n)) <= 1
