from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acceltrial.quality.checks import Exactly, Expression, Facts, Fields, OneOf, ToolCall

LABELS = ("positive", "negative")
MOOD = OneOf(LABELS, "positive")
NUMBER = Exactly(r"\d{5}", "12345")
RECORD = Fields((("order", 12345), ("city", "Kiel")))
FACTS = Facts((("blower",), ("leaking seal", "seal leaks")), ("dosing pump",), most_words=8)
SUM = Expression(("a", "b"), "a + 2 * b", ((1.0, 2.0), (3.0, -4.0)))
CALL = ToolCall("buy", (("product", "seal kit"), ("count", 3)))

OPENAI_CALL = json.dumps({"function": {"name": "buy", "arguments": '{"product": "seal kit", "count": 3}'}})


@pytest.mark.parametrize(
    ("check", "answer", "holds"),
    [
        (MOOD, "**Positive.**", True),
        (MOOD, "Sure!\n\nIt is positive, clearly positive.", True),
        (MOOD, "positively great", False),
        (MOOD, "not positive", False),
        (MOOD, "This is not a positive review", False),
        (MOOD, "positive or negative", False),
        (MOOD, "negative\npositive", False),
        (MOOD, "positive\nnegative", True),
        (NUMBER, "#12345.", True),
        (NUMBER, "The order number is 12,345", True),
        (NUMBER, "123456", False),
        (NUMBER, "12345 or 54321", False),
        (NUMBER, "none", False),
        (RECORD, '```json\n{"City": " kiel", "order": "12345"}\n```', True),
        (RECORD, '{"order": 12345.0, "city": "KIEL"} and more', True),
        (RECORD, '{"order": 12345}', False),
        (RECORD, '{"order": 12345, "city": "Kiel", "street": "?"}', False),
        (RECORD, '{"order": 12346, "city": "Kiel"}', False),
        (RECORD, "{'order': 12345, 'city': 'Kiel'}", False),
        (RECORD, '{"order": NaN, "city": "Kiel"}', False),
        (RECORD, "order 12345, Kiel", False),
        (FACTS, "The seal leaks at the BLOWER.", True),
        (FACTS, "Summary:\n\nBlower: leaking seal", True),
        (FACTS, "The blower.", False),
        (FACTS, "blower and dosing pump, leaking seal", False),
        (FACTS, "blower leaking seal " + "very " * 9, False),
        (SUM, " 2*b+a  # right", True),
        (SUM, "```python\ndef f(a, b):\n    return (b + b) + a;\n```", True),
        (SUM, "a + b * b", False),
        (SUM, "__import__('os').system('true')", False),
        (SUM, "a.__class__", False),
        (SUM, "9**9**9**9", False),
        (SUM, "a / 0", False),
        (SUM, "", False),
        (CALL, '{"arguments": {"count": 3, "product": "Seal  kit"}, "tool": "buy"}', True),
        (CALL, 'buy{"product": "seal kit", "count": 3}', True),
        (CALL, OPENAI_CALL, True),
        (CALL, '{"tool": "buy", "arguments": {"count": "3", "product": "seal kit"}}', False),
        (CALL, '{"tool": "buy", "arguments": {"count": true, "product": "seal kit"}}', False),
        (CALL, '{"tool": "sell", "arguments": {"count": 3, "product": "seal kit"}}', False),
        (CALL, '{"tool": "buy", "arguments": {"count": 3}}', False),
        (CALL, '{"tool": "buy"}', False),
        (CALL, "buy 3 seal kits", False),
    ],
)  # fmt: skip
def test_formatting_is_forgiven_and_a_wrong_answer_is_not(check: Any, answer: str, holds: bool) -> None:
    assert check.holds(answer) is holds


@settings(max_examples=200, deadline=None)
@given(text=st.text(max_size=300), check=st.sampled_from([MOOD, NUMBER, RECORD, FACTS, SUM, CALL]))
def test_no_text_makes_a_check_fail_to_answer(text: str, check: Any) -> None:
    assert check.holds(text) in {True, False}


VALUES = st.one_of(
    st.integers(-(10**9), 10**9), st.from_regex(r"[A-Za-z]{1,8}( [A-Za-z]{1,8})?", fullmatch=True)
)
RECORDS = st.dictionaries(st.from_regex(r"[a-z]{1,6}", fullmatch=True), VALUES, min_size=1, max_size=4)


@settings(max_examples=100, deadline=None)
@given(
    record=RECORDS,
    indent=st.sampled_from([None, 2]),
    around=st.sampled_from(["", "Here: ", "```json\n"]),
    tool=st.from_regex(r"[a-z_]{1,9}", fullmatch=True),
    data=st.data(),
)
def test_json_in_any_layout_passes_and_any_changed_value_fails(
    record: dict[str, Any], indent: int | None, around: str, tool: str, data: st.DataObject
) -> None:
    shuffled = dict(data.draw(st.permutations(list(record.items()))))
    fields, call = Fields(tuple(record.items())), ToolCall(tool, tuple(record.items()))
    assert fields.holds(around + json.dumps(shuffled, indent=indent))
    assert call.holds(around + json.dumps({"tool": tool, "arguments": shuffled}, indent=indent))
    name = data.draw(st.sampled_from(sorted(record)))
    wrong = shuffled | {name: "quite other" if isinstance(record[name], str) else record[name] + 1}
    assert not fields.holds(around + json.dumps(wrong, indent=indent))
    assert not call.holds(around + json.dumps({"tool": tool, "arguments": wrong}, indent=indent))
