"""The task sets, each of hundreds of different items, and which of them a kind of workload is judged by."""

from __future__ import annotations

from collections.abc import Mapping

from acceltrial.errors import ConfigurationError
from acceltrial.quality.task import Task
from acceltrial.quality.tasks.classification import ROUTING, SENTIMENT
from acceltrial.quality.tasks.code import CODE
from acceltrial.quality.tasks.extraction import ORDER_NUMBER, RECORD
from acceltrial.quality.tasks.questions import QUESTIONS
from acceltrial.quality.tasks.summaries import SUMMARIES
from acceltrial.quality.tasks.tool_calls import TOOL_CALLS

TASKS: Mapping[str, Task] = {
    task.name: task
    for task in (ROUTING, SENTIMENT, ORDER_NUMBER, RECORD, QUESTIONS, SUMMARIES, CODE, TOOL_CALLS)
}

_BY_KIND = {
    "chatbot": (SUMMARIES, QUESTIONS, ROUTING),
    "copilot": (CODE, ORDER_NUMBER),
    "batch": (SUMMARIES, RECORD, SENTIMENT),
    "agent": (TOOL_CALLS, QUESTIONS, ORDER_NUMBER),
    "multimodal": (RECORD, QUESTIONS, ORDER_NUMBER),
    "sandbox": (SENTIMENT,),
}


def task_named(name: str) -> Task:
    """The task of this name. Raises ConfigurationError."""
    if name not in TASKS:
        raise ConfigurationError(
            f"there is no task '{name}'", where="task sets", remedy=f"use one of {', '.join(sorted(TASKS))}"
        )
    return TASKS[name]


def task_for(kind: str, output_tokens: float) -> Task:
    """The task for a kind of workload that generates text.

    The first of the kind's tasks whose answers fit into `output_tokens`, the length of the workload's own
    answers; the last one where none fits.
    """
    fitting = _BY_KIND.get(kind, (SENTIMENT,))
    return next((task for task in fitting if task.answer_tokens <= output_tokens), fitting[-1])
