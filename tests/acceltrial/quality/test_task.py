from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from acceltrial.quality.task import Task, tokens_of
from acceltrial.quality.tasks import TASKS


@settings(max_examples=30, deadline=None)
@given(
    task=st.sampled_from(list(TASKS.values())),
    length=st.integers(1, 900),
    seed=st.integers(0, 1000),
)
def test_prompts_are_about_as_long_as_asked_and_do_not_hold_their_own_question_twice(
    task: Task, length: int, seed: int
) -> None:
    item = task.items([length], seed)[0]
    question = item.prompt.rsplit(task.stop, 1)[1]
    assert item.prompt.count(task.stop + question) == 1
    assert not item.prompt.endswith((" ", item.answer))
    assert tokens_of(item.prompt) <= max(length, 350) + 40
    if length > 400:
        assert tokens_of(item.prompt) >= length - 90
    assert task.items([length], seed)[0] == item
