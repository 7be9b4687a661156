"""What hosted services ask for a workload's requests."""

from __future__ import annotations

import math

import pytest

from acceltrial.catalog import load_catalogue
from acceltrial.catalog.hosted import for_requests
from acceltrial.catalog.location import find_catalogue
from acceltrial.errors import ConfigurationError


def test_the_cheapest_for_these_lengths_comes_first_with_its_break_even() -> None:
    prices = load_catalogue(find_catalogue()).api_prices
    found = for_requests(prices, 1000.0, 200.0, 4.0)
    cost = found["usd_per_1k_requests"].to_list()
    assert cost == sorted(cost)
    assert len(found) == len(prices)
    first = found.row(0, named=True)
    asked = first["usd_per_million_input_tokens"] + 0.2 * first["usd_per_million_output_tokens"]
    assert first["usd_per_1k_requests"] == pytest.approx(asked)
    assert first["break_even_requests_per_s"] == pytest.approx(4.0 / 3600 / (asked / 1e3))
    assert "break_even_requests_per_s" not in for_requests(prices, 1000.0, 200.0)


@pytest.mark.parametrize(
    ("figures", "named"),
    [
        ((None, 200.0, None), "--input-tokens"),
        ((1000.0, 0.0, None), "--output-tokens"),
        ((1000.0, math.nan, None), "--output-tokens"),
        ((1000.0, 200.0, -1.0), "--usd-per-hour"),
        ((1000.0, 200.0, math.inf), "--usd-per-hour"),
    ],
)
def test_lengths_and_prices_are_above_zero(
    figures: tuple[float | None, float | None, float | None], named: str
) -> None:
    prices = load_catalogue(find_catalogue()).api_prices
    with pytest.raises(ConfigurationError) as caught:
        for_requests(prices, *figures)
    assert caught.value.where == named
