from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acceltrial.decide.supposition import parse
from acceltrial.errors import ConfigurationError

KNOWN = ("price.h100-sxm", "workload.support-chat.volume", "power.usd_per_kwh")


@pytest.mark.parametrize(
    ("text", "today", "then"),
    [
        ("price.h100-sxm=2.1", 4.0, 2.1),
        ("price.h100-sxm=x3", 4.0, 12.0),
        ("price.h100-sxm=×0.5", 4.0, 2.0),
        ("price.h100-sxm=+10%", 4.0, 4.4),
        ("price.h100-sxm = -25%", 4.0, 3.0),
        ("price.h100-sxm=1e2", 4.0, 100.0),
    ],
)
def test_an_amount_replaces_or_scales(text: str, today: float, then: float) -> None:
    assert parse([text], KNOWN)[0].applied(today) == pytest.approx(then)


@pytest.mark.parametrize(
    "amount",
    [
        "nan",
        "inf",
        "-2",
        "-inf",
        "",
        "x-3",
        "x",
        "0",
        "x0",
        "-100%",
        "+3",
        "5%",
        "1e400",
        "x1e13",
        "two",
        "1_0",
    ],
)
def test_what_cannot_be_an_amount_is_refused(amount: str) -> None:
    with pytest.raises(ConfigurationError):
        parse([f"price.h100-sxm={amount}"], KNOWN)


def test_zero_is_allowed_where_it_makes_sense() -> None:
    assert parse(["power.usd_per_kwh=0"], KNOWN, zero_allowed=["power.usd_per_kwh"])[0].value == 0


def test_an_unknown_key_names_the_nearest() -> None:
    with pytest.raises(ConfigurationError, match=r"nearest.*workload\.support-chat\.volume"):
        parse(["workload.chat.volume=x3"], KNOWN)
    with pytest.raises(ConfigurationError, match=r"nearest known keys are price\.h100-sxm"):
        parse(["prize.h100-sxm=2"], KNOWN)


def test_a_key_twice_or_nothing_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="twice"):
        parse(["price.h100-sxm=1", "price.h100-sxm=2"], KNOWN)
    with pytest.raises(ConfigurationError, match="nothing"):
        parse([], KNOWN)


@given(st.text(max_size=60))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    with suppress(ConfigurationError):
        assert parse([text], KNOWN)[0].key in KNOWN
