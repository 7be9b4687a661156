"""A load run whose requests are the questions of a task set."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

from acceltrial.errors import ConfigurationError, TargetUnavailableError
from acceltrial.load.plan import LoadPlan, LoadResult
from acceltrial.quality.embed import embed
from acceltrial.quality.questionnaire import (
    Questionnaire,
    rerank_questions,
    search_questions,
    text_questions,
)
from acceltrial.quality.ranking import UnusableAnswerError
from acceltrial.quality.tasks import TASKS, task_named

SEARCH, RERANK = "search", "rerank"
NAMES = (*TASKS, SEARCH, RERANK)
_APIS = {SEARCH: ("embeddings",), RERANK: ("rerank",)}
_MOST = 20_000


def asking(plan: LoadPlan, name: str) -> tuple[LoadPlan, Questionnaire]:
    """The plan with the questions of the set `name` as its prompts, of the schedule's lengths.

    Text is generated greedily (`temperature` 0), so that the same server gives the same answers.

    Raises:
        ConfigurationError: no such set, or one that the API cannot be asked.
        TargetUnavailableError: an embedder that gives no vectors for the pages to search.
    """
    wanted = _APIS.get(name, ("completions", "chat"))
    if name not in NAMES or plan.api not in wanted:
        fitting = [one for one in NAMES if plan.api in _APIS.get(one, ("completions", "chat"))]
        raise ConfigurationError(
            f"'{name}' cannot be asked over the API {plan.api}",
            where="--quality",
            remedy=f"use one of {', '.join(fitting)}",
        )
    schedule = plan.schedule
    if len(schedule) > _MOST:
        raise ConfigurationError(
            f"{len(schedule)} questions are more than {_MOST}", where="--quality", remedy="give --requests"
        )
    asked = _questions(plan, name, [max(1, int(one)) for one in schedule.input_tokens])
    extra: dict[str, Any] = dict(plan.extra_body or {})
    if plan.api in ("completions", "chat"):
        extra = {"temperature": 0} | extra
    prompts = schedule.with_prompts(list(asked.prompts))
    return replace(plan, schedule=prompts, keep_text=True, extra_body=extra or None), asked


def scored(result: LoadResult, asked: Questionnaire) -> dict[str, Any]:
    """What `summary["quality"]` holds: verdicts, success with its interval; why there is none, if so."""
    try:
        return asked.judge(result.records).summary()
    except UnusableAnswerError as error:
        return {"success_rate": {"value": None, "n": 0, "reason": str(error)}}


def _questions(plan: LoadPlan, name: str, lengths: list[int]) -> Questionnaire:
    seed = plan.schedule.seed
    if name == RERANK:
        return rerank_questions(lengths, seed)
    if name != SEARCH:
        return text_questions(task_named(name), lengths, seed)
    key = os.environ.get(plan.api_key_env or "", "")
    headers = dict(plan.extra_headers or {}) | ({"Authorization": f"Bearer {key}"} if key else {})

    def vectors(texts: list[str]) -> Any:
        return embed(plan.base_url, plan.model, texts, headers=headers, timeout_s=plan.timeout_s)

    try:
        return search_questions(vectors, lengths, seed)
    except UnusableAnswerError as error:
        raise TargetUnavailableError(
            f"the pages cannot be embedded ({error})",
            where=plan.base_url,
            remedy="check the API and the model",
        ) from error
