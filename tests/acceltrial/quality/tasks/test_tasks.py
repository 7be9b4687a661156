from __future__ import annotations

import pytest

from acceltrial.errors import ConfigurationError
from acceltrial.quality.item import Verdict
from acceltrial.quality.task import Task
from acceltrial.quality.tasks import TASKS, task_for, task_named


@pytest.mark.parametrize("task", TASKS.values(), ids=lambda task: task.name)
def test_a_set_holds_hundreds_of_questions_with_right_answers_that_the_check_accepts(task: Task) -> None:
    items = task.items([1] * 250, 5)
    assert len({item.prompt for item in items}) == 250
    assert len({item.prompt.rsplit(task.stop, 1)[1] for item in items}) >= 200
    for item, other in zip(items, items[1:] + items[:1], strict=True):
        assert item.grade(f" {item.answer}\n{task.stop} more") is Verdict.RIGHT
        assert item.grade(_rewritten(task, item.answer)) is Verdict.RIGHT
        if other.answer != item.answer and task is not TASKS["code"]:
            assert item.grade(other.answer) is Verdict.WRONG, (item, other)
        assert item.grade("") is Verdict.EMPTY
        assert item.grade("I'm sorry, but I can't do that.") is Verdict.REFUSED


def test_both_labels_come_up() -> None:
    assert {item.answer for item in TASKS["sentiment"].items([60] * 50, 1)} == {"positive", "negative"}


def test_an_answer_needs_as_many_tokens_as_it_has_digits() -> None:
    assert TASKS["order-number"].items([50], 0)[0].answer_tokens == 6
    assert TASKS["sentiment"].items([50], 0)[0].answer_tokens == 3


@pytest.mark.parametrize("kind", ["chatbot", "copilot", "agent", "batch", "sandbox", "multimodal", "other"])
def test_a_kind_gets_a_task_whose_answers_fit(kind: str) -> None:
    assert task_for(kind, 200).items([50], 0)
    short = task_for(kind, 8)
    assert short.answer_tokens <= 8


def test_an_unknown_task_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ConfigurationError, match="no task 'poetry'") as caught:
        task_named("poetry")
    assert "routing" in str(caught.value.remedy)


def _rewritten(task: Task, answer: str) -> str:
    """The same answer in another format."""
    if task is TASKS["code"]:
        return f"return ({answer})  # done"
    return f"```\n{answer}\n```" if task is TASKS["tool-calls"] else answer.upper()
