"""Which optional fields of a request a server takes, and what is sent in place of those it refuses."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

_REFUSALS = (400, 422)
_MOST_ROUNDS = 4
# `transformers serve` knows no `ignore_eos`; an end token that no vocabulary has says the same.
_NO_END = {"generation_config": json.dumps({"eos_token_id": -1})}


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a request's length, end and usage are asked for.

    Attributes:
        left_out: each field that the server refused, with the server's words.
        problem: why the server could not be asked, or what it said to a request without refused fields.
    """

    left_out: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""

    def length(self, output_tokens: int, *, ignore_eos: bool) -> dict[str, Any]:
        """The fields for the most output tokens, and for exactly so many where the end is ignored."""
        name = "max_completion_tokens" if "max_tokens" in self.left_out else "max_tokens"
        return {name: output_tokens} | (self.no_end(output_tokens) if ignore_eos else {})

    def no_end(self, output_tokens: int) -> dict[str, Any]:
        """The fields that make a server write on behind the end of its answer; empty where it takes none."""
        wanted = {"ignore_eos": True, "min_tokens": output_tokens}
        return self._taken(wanted) or self._taken(_NO_END)

    def usage(self) -> dict[str, Any]:
        """The fields that ask a stream for its token counts."""
        return self._taken({"stream_options": {"include_usage": True}})

    def _taken(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in fields.items() if name not in self.left_out}


OPENAI = Dialect()
"""Nothing left out: the protocol as published, with the length fields of llama.cpp, vLLM and SGLang."""


def settle(ask: Callable[[Dialect], tuple[int, str]], *, untouched: Mapping[str, Any]) -> Dialect:
    """The dialect in which the server answers `ask`, a request in the very form of the run's.

    `ask` gives status and body. A field is left out only when the server refuses the request (400 or
    422), names the field, and takes the request without it; the caller's own fields (`untouched`) stay.
    """
    dialect = OPENAI
    for _ in range(_MOST_ROUNDS):
        status, told = ask(dialect)
        if status < 300:
            return dialect
        refused = _named(told, dialect, untouched) if status in _REFUSALS else []
        if not refused:
            break
        dialect = Dialect({**dialect.left_out, **dict.fromkeys(refused, f"HTTP {status}: {told[:160]}")})
    return Dialect(problem=f"HTTP {status}: {told[:160]}")


def _named(told: str, dialect: Dialect, untouched: Mapping[str, Any]) -> list[str]:
    candidates = {**dialect.length(1, ignore_eos=True), **dialect.usage()}
    named = [name for name in candidates if name not in untouched and _names(told, name)]
    # Servers speak of max_tokens for many reasons; only those that name its successor refuse it.
    return [name for name in named if name != "max_tokens" or _names(told, "max_completion_tokens")]


def _names(told: str, name: str) -> bool:
    return re.search(rf"(?<!\w){name}(?!\w)", told) is not None
