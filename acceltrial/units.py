"""Quantities written with their unit: `500 ms`, `0.36 USD/h`, `16 GiB`, `3 W`."""

from __future__ import annotations

import math
import re
from difflib import get_close_matches

HOURS_PER_MONTH = 730.0
HOURS_PER_YEAR = 8760.0
LARGEST = 1e18
"""Beyond this a figure is a slip of the keyboard in every dimension that we read."""

# Dimension -> unit -> factor to the base unit, which is the first one listed.
UNITS: dict[str, dict[str, float]] = {
    "time": {
        "s": 1.0, "ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3,
        "min": 60.0, "h": 3600.0, "d": 86400.0,
    },
    "data": {
        "B": 1.0, "kB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12,
        "KiB": 2.0**10, "MiB": 2.0**20, "GiB": 2.0**30, "TiB": 2.0**40,
    },
    "power": {"W": 1.0, "uW": 1e-6, "µW": 1e-6, "mW": 1e-3, "kW": 1e3},
    "energy": {"J": 1.0, "pJ": 1e-12, "nJ": 1e-9, "uJ": 1e-6, "mJ": 1e-3, "Wh": 3600.0, "kWh": 3.6e6},
    "money": {"USD": 1.0},
    "price per time": {
        "USD/h": 1.0, "USD/month": 1 / HOURS_PER_MONTH, "USD/year": 1 / HOURS_PER_YEAR,
    },
    "price per energy": {"USD/kWh": 1.0, "USD/MWh": 1e-3},
    "rate": {"/s": 1.0, "/min": 1 / 60, "/h": 1 / 3600, "/d": 1 / 86400},
}  # fmt: skip

EXAMPLES = {
    "time": "500 ms", "data": "16 GiB", "power": "3 W", "energy": "2 mJ", "money": "1.50 USD",
    "price per time": "0.36 USD/h", "price per energy": "0.28 USD/kWh", "rate": "12 /s",
}  # fmt: skip

_QUANTITY = re.compile(r"\s*([+-]?(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*([^\s\d,.].*?)?\s*", re.ASCII)


class UnitError(ValueError):
    """A quantity that cannot be read; the text says what to write instead."""


def parse_quantity(value: object, dimension: str) -> float:
    """The quantity in the base unit of `dimension` (the first unit of `UNITS[dimension]`).

    Args:
        value: text such as `1.5 s`.
        dimension: a key of `UNITS`.

    Raises:
        UnitError: no unit, an unknown unit, a unit of another dimension, or no finite number.
    """
    example = EXAMPLES[dimension]
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise UnitError(f"a {dimension} is needed, written with its unit such as '{example}'")
    if not isinstance(value, str):
        raise UnitError(f"{value} has no unit: write a {dimension} such as '{example}'")
    match = _QUANTITY.fullmatch(value)
    if match is None:
        raise UnitError(
            f"{_short(value)} is not a number with a unit: write a {dimension} such as '{example}'"
        )
    number, unit = match.groups()
    if unit is None:
        raise UnitError(f"{_short(value)} has no unit: write a {dimension} such as '{example}'")
    quantity = float(number) * _factor(unit, dimension)
    if not math.isfinite(quantity) or abs(quantity) > LARGEST:
        raise UnitError(f"{_short(value)} is too large to be a {dimension}")
    return quantity


def _factor(unit: str, dimension: str) -> float:
    units = UNITS[dimension]
    if unit in units:
        return units[unit]
    for other, known in UNITS.items():
        if unit in known:
            raise UnitError(
                f"'{unit}' is a unit of {other}, but a {dimension} is needed, such as '{EXAMPLES[dimension]}'"
            )
    folded = {known.lower(): known for known in units}
    near = get_close_matches(unit.lower(), folded, n=1, cutoff=0.5)
    hint = f"; did you mean '{folded[near[0]]}'?" if near else ""
    raise UnitError(f"unknown unit {_short(unit)} for a {dimension} (known: {', '.join(units)}){hint}")


def _short(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:37] + "...")
