"""Currencies."""

from __future__ import annotations

import pytest

from acceltrial.catalog.importers.money import in_usd, parse_rates, unit_named
from acceltrial.errors import ConfigurationError


def test_an_amount_is_converted_and_the_rate_is_told() -> None:
    rates = parse_rates(["EUR=1.08"])
    assert in_usd(2.0, "eur", rates) == (pytest.approx(2.16), "2 EUR at 1.08 USD")
    assert in_usd(2.0, "", rates) == (2.0, "")
    with pytest.raises(ConfigurationError, match="three letters"):
        in_usd(2.0, "€", rates)
    with pytest.raises(ConfigurationError, match="in GBP and no rate"):
        in_usd(1.0, "GBP", rates)


@pytest.mark.parametrize(
    ("written", "unit"),
    [("hour", "hour"), ("/hr", "hour"), ("Per Month", "month"), ("monthly", "month"), ("days", "day")],
)
def test_units_as_written(written: str, unit: str) -> None:
    assert unit_named(written) == unit


@pytest.mark.parametrize("written", ["GPU-hour", "gpu hour", "s/he", ""])
def test_other_units_stay_as_they_are(written: str) -> None:
    assert unit_named(written) == written
