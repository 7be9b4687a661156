"""Hosted prices against own devices."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acceltrial.cost.hosted import break_even_requests_per_s, hosted_per_1k_requests

PRICE = st.floats(0.01, 60.0)


def test_tokens_times_their_prices() -> None:
    # 1,000 tokens in at 2 USD a million and 500 out at 8: 0.002 + 0.004 USD a request.
    assert hosted_per_1k_requests(2.0, 8.0, 1000.0, 500.0) == pytest.approx(6.0)


@given(PRICE, PRICE, st.floats(1, 1e5), st.floats(1, 1e4), st.floats(0.1, 500))
def test_at_the_break_even_both_cost_the_same(
    asked_in: float, asked_out: float, tokens_in: float, tokens_out: float, usd_per_hour: float
) -> None:
    hosted = hosted_per_1k_requests(asked_in, asked_out, tokens_in, tokens_out)
    rate = break_even_requests_per_s(usd_per_hour, hosted)
    assert rate * 3600 * hosted / 1e3 == pytest.approx(usd_per_hour)
