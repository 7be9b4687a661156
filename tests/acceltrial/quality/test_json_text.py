from __future__ import annotations

import time

from acceltrial.quality.json_text import first_call, first_object


def test_the_first_object_is_found_behind_braces_that_open_none() -> None:
    assert first_object('use {x} and {"a": {"b": 1}} then {"c": 2}') == {"a": {"b": 1}}
    assert first_object("[1, 2]") is None


def test_a_text_full_of_braces_ends_soon() -> None:
    begun = time.monotonic()
    assert first_object('{"a":' * 100_000) is None
    assert first_call("{" * 100_000) is None
    assert time.monotonic() - begun < 30


def test_a_call_without_a_name_is_none() -> None:
    assert first_call('{"a": 1}') is None
    found = first_call('Call: stock{"a": 1}')
    assert found is not None
    assert (found.name, dict(found.arguments)) == ("stock", {"a": 1})
