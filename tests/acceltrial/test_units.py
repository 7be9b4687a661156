from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acceltrial.units import EXAMPLES, UNITS, UnitError, parse_quantity


@pytest.mark.parametrize(
    ("text", "dimension", "expected"),
    [
        ("500 ms", "time", 0.5),
        ("500ms", "time", 0.5),
        ("1.5 s", "time", 1.5),
        ("10 min", "time", 600.0),
        ("6 h", "time", 21600.0),
        ("250 µs", "time", 250e-6),
        ("16 GiB", "data", 16 * 2**30),
        ("16 GB", "data", 16e9),
        ("50 mW", "power", 0.05),
        ("1_200 USD", "money", 1200.0),
        ("0.36 USD/h", "price per time", 0.36),
        ("730 USD/month", "price per time", 1.0),
        ("0.28 USD/kWh", "price per energy", 0.28),
        ("60 /min", "rate", 1.0),
        ("1e3 ms", "time", 1.0),
        ("-3 s", "time", -3.0),
    ],
)
def test_quantities_are_read_in_the_base_unit(text: str, dimension: str, expected: float) -> None:
    assert parse_quantity(text, dimension) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("value", "dimension", "says"),
    [
        (500, "time", "has no unit"),
        (0.5, "time", "has no unit"),
        ("500", "time", "has no unit"),
        ("500 W", "time", "unit of power"),
        ("3 s", "power", "unit of time"),
        ("500 msec", "time", "did you mean 'ms'"),
        ("16 gb", "data", "did you mean 'GB'"),
        ("5 parsec", "time", "unknown unit"),
        ("4 EUR", "money", "unknown unit"),
        ("fast", "time", "not a number with a unit"),
        ("1,000 ms", "time", "not a number with a unit"),
        ("nan s", "time", "not a number"),
        ("inf s", "time", "not a number"),
        ("1e400 s", "time", "too large"),
        ("1e19 s", "time", "too large"),
        ("", "time", "not a number"),
        (True, "time", "is needed"),
        (None, "time", "is needed"),
        (["1 s"], "time", "is needed"),
        ("٣ s", "time", "not a number"),
    ],
)
def test_what_is_no_quantity_says_what_to_write(value: object, dimension: str, says: str) -> None:
    with pytest.raises(UnitError, match=says):
        parse_quantity(value, dimension)


@given(
    st.sampled_from([(d, u) for d, units in UNITS.items() for u in units]),
    st.floats(min_value=1e-6, max_value=1e5),
)
def test_every_unit_scales_linearly(unit: tuple[str, str], number: float) -> None:
    dimension, name = unit
    assert parse_quantity(f"{number!r} {name}", dimension) == pytest.approx(number * UNITS[dimension][name])


@given(st.text(max_size=60), st.sampled_from(list(UNITS)))
def test_any_text_is_read_or_refused(text: str, dimension: str) -> None:
    with suppress(UnitError):
        parse_quantity(text, dimension)


def test_no_unit_is_of_two_dimensions() -> None:
    names = [unit for units in UNITS.values() for unit in units]
    assert len(names) == len(set(names))
    assert set(EXAMPLES) == set(UNITS)
