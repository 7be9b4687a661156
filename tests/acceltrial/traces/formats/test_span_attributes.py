"""Attributes and starts of spans, as the exporters write them."""

from __future__ import annotations

from typing import Any

import pytest

from acceltrial.traces.formats.span_attributes import flat_attributes, start_of


@pytest.mark.parametrize(
    "written",
    [
        {"gen_ai.usage.input_tokens": 12, "x": "y"},
        {"gen_ai": {"usage": {"input_tokens": 12}}, "x": "y"},
        [
            {"key": "gen_ai.usage.input_tokens", "value": {"intValue": 12}},
            {"key": "x", "value": {"stringValue": "y"}},
        ],
        [
            {
                "key": "gen_ai.usage",
                "value": {"kvlistValue": {"values": [{"key": "input_tokens", "value": {"int_value": 12}}]}},
            },
            {"key": "x", "value": "y"},
        ],
    ],
)
def test_attributes_are_flat_whatever_the_exporter(written: Any) -> None:
    assert flat_attributes(written) == {"gen_ai.usage.input_tokens": 12, "x": "y"}


def test_what_is_no_attribute_is_left_out() -> None:
    assert flat_attributes(None) == {}
    assert flat_attributes(7) == {}
    assert flat_attributes([3, {"key": "a", "value": {}}]) == {"a": None}


@pytest.mark.parametrize(
    ("span", "start"),
    [
        ({"startTimeUnixNano": "1700000000000000001"}, 1_700_000_000_000_000_001),
        ({"start_time_unix_nano": 5}, 5),
        ({"startTimeUnixNano": "soon"}, "soon"),
        ({"start_time": "2026-01-01T00:00:00Z"}, "2026-01-01T00:00:00Z"),
        ({"startTime": [1_700_000_000, 250]}, 1_700_000_000_000_000_250),
        ({"startTime": 1_700_000_000_123_456}, 1_700_000_000_123_456_000),
        ({"start_time": 1_700_000_000.5}, 1_700_000_000_500_000_000),
        ({"start_time": 12}, "12"),
        ({"start_time": True}, "True"),
        ({"start_time": float("inf")}, "inf"),
        ({}, None),
    ],
)
def test_the_start(span: dict[str, Any], start: int | str | None) -> None:
    assert start_of(span) == start
