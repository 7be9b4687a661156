"""Asks a server for one next token after each forced beginning, and compares with the reference."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from acceltrial.quality.divergence import Agreement, Position, kl_lower_bound
from acceltrial.quality.log_probabilities import NextToken, read_completion
from acceltrial.quality.reference import Prefix
from acceltrial.targets.http import post_json

_TOKENS = (20, 5, None)
"""Log-probabilities to ask for: what vLLM allows, what OpenAI allows, none."""


@dataclass(frozen=True)
class Asked:
    """A server with the API `completions`.

    Attributes:
        extra: fields for every request, such as those that let llama.cpp keep the beginning.
    """

    base_url: str
    model: str
    headers: Mapping[str, str]
    extra: Mapping[str, Any]
    timeout_s: float


def compare(
    server: Asked,
    beginnings: Sequence[Prefix],
    seconds: float,
    clock: Callable[[], float] = time.monotonic,
) -> Agreement:
    """The agreement over as many beginnings as `seconds` allow, in order.

    Beginnings go as token numbers where the server takes them, else as text; where it then counts other
    tokens than the reference, the position is left out. `reason` says what is missing and why.
    """
    until = clock() + seconds
    form = _form(server, beginnings[0]) if beginnings else None
    if form is None:
        return Agreement([], "the server writes no completion of a forced beginning")
    as_numbers, count = form
    found: list[Position] = []
    lost = differ = 0
    for prefix in beginnings:
        if clock() >= until:
            break
        said = _ask(server, prefix, as_numbers, count)
        if said is None:
            lost += 1
        elif not as_numbers and said.prompt_tokens not in (None, len(prefix.tokens)):
            differ += 1
        else:
            found.append(_position(prefix, said))
    reasons = []
    if count is None:
        reasons.append("the server gives no log-probabilities")
    if lost:
        reasons.append(f"{lost} requests were not answered")
    if differ:
        reasons.append(f"{differ} beginnings were split into other tokens by the server")
    return Agreement(found, "; ".join(reasons))


def _form(server: Asked, prefix: Prefix) -> tuple[bool, int | None] | None:
    """Whether numbers are taken, and how many log-probabilities are given; None when nothing works."""
    plain: tuple[bool, int | None] | None = None
    for as_numbers in (True, False):
        for count in _TOKENS:
            said = _ask(server, prefix, as_numbers, count)
            if said is None:
                continue
            if as_numbers and said.prompt_tokens not in (None, len(prefix.tokens)):
                break
            if said.by_id or said.by_text:
                return as_numbers, count
            plain = plain or (as_numbers, None)
            break
    return plain


def _ask(server: Asked, prefix: Prefix, as_numbers: bool, count: int | None) -> NextToken | None:
    body: dict[str, Any] = {
        "model": server.model,
        "prompt": prefix.tokens if as_numbers else prefix.text,
        "max_tokens": 1,
        "temperature": 0,
        **({"logprobs": count} if count else {}),
        **server.extra,
    }
    answer = post_json(
        f"{server.base_url}/completions",
        body,
        connect_s=2.0,
        total_s=server.timeout_s,
        headers=server.headers,
    )
    return read_completion(answer.json()) if answer.status == 200 else None


def _position(prefix: Prefix, said: NextToken) -> Position:
    if said.by_id:
        kl: float | None = kl_lower_bound(prefix.by_id, said.by_id)
    else:
        kl = kl_lower_bound(prefix.by_text, said.by_text) if said.by_text else None
    agrees = said.token == prefix.best if said.token is not None else said.text == prefix.best_text
    return Position(prefix.number, kl, agrees)
