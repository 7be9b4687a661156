"""The next-token log-probabilities in a completion, in the forms that servers use."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class NextToken:
    """What a server said of one next token.

    Attributes:
        text, token: the token that it wrote; the number is None where the server names none.
        by_id, by_text: log-probabilities of its likeliest tokens; empty where it gives none.
        prompt_tokens: how many tokens it took the prompt for.
    """

    text: str
    token: int | None = None
    by_id: Mapping[int, float] = field(default_factory=dict)
    by_text: Mapping[str, float] = field(default_factory=dict)
    prompt_tokens: int | None = None


def read_completion(answer: Any) -> NextToken | None:
    """The first token of a completion answer, None where it holds none.

    Read are OpenAI's completions form (`top_logprobs` as a mapping of texts), and the chat form with
    `content`, in which llama.cpp names token numbers too.
    """
    try:
        choice = answer["choices"][0]
        text = choice["text"]
    except (KeyError, IndexError, TypeError):
        return None
    if not isinstance(text, str):
        return None
    usage = answer.get("usage")
    count = usage.get("prompt_tokens") if isinstance(usage, Mapping) else None
    prompt_tokens = count if isinstance(count, int) else None
    given = choice.get("logprobs")
    if not isinstance(given, Mapping):
        return NextToken(text, prompt_tokens=prompt_tokens)
    if isinstance(given.get("content"), list) and given["content"]:
        token, by_id, by_text = _content(given["content"][0])
        return NextToken(text, token, by_id, by_text, prompt_tokens)
    listed = given.get("top_logprobs")
    first = listed[0] if isinstance(listed, list) and listed else None
    by_text = {t: v for t, v in first.items() if _is_logprob(v)} if isinstance(first, Mapping) else {}
    return NextToken(text, None, {}, by_text, prompt_tokens)


def _content(first: Any) -> tuple[int | None, dict[int, float], dict[str, float]]:
    by_id: dict[int, float] = {}
    by_text: dict[str, float] = {}
    if not isinstance(first, Mapping):
        return None, by_id, by_text
    for one in first.get("top_logprobs") or ():
        if not isinstance(one, Mapping) or not _is_logprob(one.get("logprob")):
            continue
        if isinstance(one.get("id"), int):
            by_id[one["id"]] = one["logprob"]
        if isinstance(one.get("token"), str):
            by_text[one["token"]] = one["logprob"]
    token = first.get("id")
    return (token if isinstance(token, int) else None), by_id, by_text


def _is_logprob(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
