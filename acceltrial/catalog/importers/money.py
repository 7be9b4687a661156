"""Amounts in other currencies and per other units, brought to USD an accelerator hour."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from acceltrial.errors import ConfigurationError

HOURS = {
    "second": 1.0 / 3600.0,
    "minute": 1.0 / 60.0,
    "hour": 1.0,
    "day": 24.0,
    "month": 730.0,
    "year": 8760.0,
}
"""Hours in a billing unit; 730 is the month of the large clouds' price pages."""
_UNITS = {
    "s": "second",
    "sec": "second",
    "min": "minute",
    "h": "hour",
    "hr": "hour",
    "hourly": "hour",
    "daily": "day",
    "mo": "month",
    "monthly": "month",
    "yr": "year",
    "yearly": "year",
    "annual": "year",
    "annually": "year",
}


def unit_named(text: str) -> str:
    """The key of `HOURS` that a price list means ("Per Month", "/hr", "monthly"); else `text` itself."""
    word = re.sub(r"^(/|per\b)\s*", "", text.strip().lower())
    found = _UNITS.get(word) or _UNITS.get(word.removesuffix("s")) or word.removesuffix("s")
    return found if found in HOURS else text


def parse_rates(given: list[str]) -> dict[str, float]:
    """`["EUR=1.08"]` as USD for one unit of each currency; USD is always 1.

    Raises:
        ConfigurationError: a rate is not CODE=NUMBER, or not a positive finite number.
    """
    rates = {"USD": 1.0}
    for text in given:
        code, _, number = text.partition("=")
        try:
            value = float(number)
        except ValueError:
            value = math.nan
        if not re.fullmatch(r"[A-Z]{3}", code) or not math.isfinite(value) or value <= 0:
            raise ConfigurationError(
                f"{text!r} is no exchange rate", where="--rate", remedy="write USD for one unit: EUR=1.08"
            )
        rates[code] = value
    return rates


def in_usd(amount: float, currency: str, rates: Mapping[str, float]) -> tuple[float, str]:
    """The amount in USD and a note on the rate ("" for USD).

    Raises:
        ConfigurationError: the currency is no code of three letters, or no rate is given for it.
    """
    code = currency.strip().upper() or "USD"
    if not re.fullmatch(r"[A-Z]{3}", code):
        raise ConfigurationError(
            f"{currency.strip()[:20]!r} is no currency code",
            where="currency",
            remedy="write three letters: EUR",
        )
    if code not in rates:
        raise ConfigurationError(
            f"the price is in {code} and no rate is given",
            where="currency",
            remedy=f"give --rate {code}=… (USD for one {code})",
        )
    note = "" if code == "USD" else f"{amount:g} {code} at {rates[code]:g} USD"
    return amount * rates[code], note
