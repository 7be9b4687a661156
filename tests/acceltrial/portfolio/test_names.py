from __future__ import annotations

import pytest

from acceltrial.portfolio.names import NAME_PATTERN, check_name, check_text
from schemas import base

HOSTILE = [
    "<script>alert(1)</script>", "a/b", "a\\b", "../etc", "..", "a..b", "", " ", "a b", "-a", ".hidden",
    "a\n", "a\0b", "ä", "x" * 129, "a:b", "a\tb", "$(rm)", "`id`", "a'b", 'a"b', "\u202eabc", "a;b", "%2e%2e",
]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="a name starts with"):
        check_name(name)


@pytest.mark.parametrize(
    "name", ["support-chat", "a", "llama-3.1-8b", "h100-sxm-x8-fp8", "x" * 128, "a@b+c_d"]
)
def test_plain_names_pass(name: str) -> None:
    assert check_name(name) == name


def test_names_are_those_that_the_tables_accept() -> None:
    assert NAME_PATTERN == base.NAME_PATTERN


@pytest.mark.parametrize(
    "text",
    ["<b>bold</b>", "<img src=x onerror=alert(1)>", "</td>", "&lt;script", "javascript:alert(1)", "a\x00b",
     "\u202eevil", "", "   ", "x" * 501, "a\x1b[31m"],
)  # fmt: skip
def test_hostile_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="text"):
        check_text(text)


@pytest.mark.parametrize("text", ["latency < 200 ms", "R&D team", "größer als 5 %", "two\nlines", "a > b"])
def test_plain_text_passes(text: str) -> None:
    assert check_text(f" {text} ") == text
