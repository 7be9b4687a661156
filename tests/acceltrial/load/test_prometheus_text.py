"""Prometheus' text format."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acceltrial.load.prometheus_text import sums_by_name


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("a 1", {"a": 1.0}),
        ("a{} 1", {"a": 1.0}),
        ('a{x="1",y="b c"} 2.5 1700000000000', {"a": 2.5}),
        ('a{x="with } and \\" inside"} 3', {"a": 3.0}),
        ("a:b_total 1e3", {"a:b_total": 1000.0}),
        ("a NaN", {}),
        ("a +Inf", {}),
        ("a one", {}),
        ("# HELP a 1", {}),
        ("1a 1", {}),
        ("a{x=1 2", {}),
        ("", {}),
    ],
)
def test_lines(line: str, found: dict[str, float]) -> None:
    assert sums_by_name(line) == found


def test_series_of_one_name_are_added_up() -> None:
    assert sums_by_name('a{m="1"} 1\na{m="2"} 2\nb 4') == {"a": 3.0, "b": 4.0}


@given(st.text(max_size=300))
def test_any_text_is_read(text: str) -> None:
    assert all(math.isfinite(value) for value in sums_by_name(text).values())
