"""Numbers as people read them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stages.report.formatting import DASH, duration, money, number, percent, plural, quantity, span


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, DASH),
        (math.nan, DASH),
        (math.inf, DASH),
        (0, "0"),
        (1, "1"),
        (1.0, "1"),
        (0.5, "0.5"),
        (12.345, "12.3"),
        (99.96, "100"),
        (999.6, "1,000"),
        (1234.5, "1,230"),
        (123_456, "123,000"),
        (999_999, "1 M"),
        (1.5e6, "1.5 M"),
        (2.34e9, "2.34 G"),
        (0.00123, "0.00123"),
        (0.000123, "1.23 × 10⁻⁴"),
        (-3.14159, "−3.14"),
        (1e18, "1 × 10¹⁸"),
    ],
)
def test_number(value: float | None, text: str) -> None:
    assert number(value) == text


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=1e-3, max_value=1e12))
def test_a_number_keeps_three_significant_digits(value: float) -> None:
    text = number(value).replace(",", "")
    scale = {"T": 1e12, "G": 1e9, "M": 1e6}.get(text[-1], 1.0)
    assert float(text.rstrip("TGM ")) * scale == pytest.approx(value, rel=0.00501)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (118.4, "ms", "118 ms"),
        (12_340, "ms", "12.3 s"),
        (0.35, "share", "35 %"),
        (4.2, "usd", "$4.20"),
        (512, "MB", "512 MB"),
        (24_000, "MB", "24 GB"),
        (59.1, "tokens/s", "59.1 tok/s"),
        (3, "", "3"),
        (2.5e6, "W", "2.5 MW"),
        (None, "ms", DASH),
        (7, "widgets_per_h", "7 widgets/h"),
    ],
)
def test_quantity(value: float | None, unit: str, text: str) -> None:
    assert quantity(value, unit) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, DASH),
        (0, "$0"),
        (4.8, "$4.80"),
        (14.4, "$14.4"),
        (-3.5, "−$3.50"),
        (0.000084, "$0.000084"),
        (1e-9, "$1 × 10⁻⁹"),
        (9.999, "$10"),
        (2, "$2"),
        (12_345, "$12,300"),
    ],
)
def test_money(value: float | None, text: str) -> None:
    assert money(value) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0, "0 %"),
        (1, "100 %"),
        (0.999, "99.9 %"),
        (0.9999, "100 %"),
        (0.031, "3.1 %"),
        (0.00002, "0.002 %"),
        (None, DASH),
    ],
)
def test_percent(share: float | None, text: str) -> None:
    assert percent(share) == text


def test_an_interval_names_its_unit_once() -> None:
    assert span(103, 134, "ms") == "103 – 134 ms"
    assert span(0.1, 0.2, "share") == "10 – 20 %"
    assert span(9_000, 12_000, "ms") == "9,000 ms – 12 s"
    assert span(1.0, 2.5, "usd") == "$1 – $2.50"
    assert span(None, 2.0, "ms") == ""


def test_durations_take_the_largest_fitting_unit() -> None:
    texts = [duration(s) for s in (0.02, 1, 90, 120, 7200, 172_800, None)]
    assert texts == ["20 ms", "1 s", "90 s", "2 min", "2 h", "2 d", DASH]


def test_plural() -> None:
    assert [plural(1, "family", "families"), plural(2, "family", "families"), plural(1000, "row")] == [
        "1 family",
        "2 families",
        "1,000 rows",
    ]
