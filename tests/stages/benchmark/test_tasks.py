from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stages.benchmark.tasks import EXTRACTION, SENTIMENT, TRIAGE, Task, is_correct, task_for, tokens_of


@pytest.mark.parametrize(
    ("answer", "text", "right"),
    [
        ("positive", " Positive\nReview:", True),
        ("positive", "positively great", False),
        ("positive", "", False),
        ("positive", None, False),
        ("positive", "not positive", False),
        ("12345", " 12345.", True),
        ("12345", "123456", False),
        ("no", "no\nyes", True),
        ("a.b", "axb", False),
    ],
)
def test_only_a_first_line_that_begins_with_the_answer_is_right(
    answer: str, text: str | None, right: bool
) -> None:
    assert is_correct(answer, text) is right


@settings(max_examples=30, deadline=None)
@given(
    task=st.sampled_from([SENTIMENT, TRIAGE, EXTRACTION]),
    length=st.integers(1, 700),
    seed=st.integers(0, 1000),
)
def test_prompts_are_about_as_long_as_asked_and_do_not_hold_their_answer(
    task: Task, length: int, seed: int
) -> None:
    item = task.items([length], seed)[0]
    question = item.prompt.rsplit("\n", 2)[-2]
    assert item.prompt.count(question) == 1
    assert not item.prompt.endswith((" ", item.answer))
    assert tokens_of(item.prompt) <= max(length, 170) + 40
    if length > 200:
        assert tokens_of(item.prompt) >= length - 60
    assert task.items([length], seed)[0] == item


def test_items_of_one_set_differ_and_both_labels_come_up() -> None:
    items = SENTIMENT.items([60] * 50, 1)
    assert len({item.prompt for item in items}) == 50
    assert {item.answer for item in items} == {"positive", "negative"}


def test_every_kind_of_text_workload_has_a_task() -> None:
    for kind in ("chatbot", "copilot", "agent", "batch", "sandbox", "multimodal"):
        assert task_for(kind).items([50], 0)


def test_a_number_needs_as_many_tokens_as_digits() -> None:
    assert EXTRACTION.items([50], 0)[0].answer_tokens == 6
    assert SENTIMENT.items([50], 0)[0].answer_tokens == 3
