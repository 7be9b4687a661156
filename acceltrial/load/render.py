"""Whole HTTP requests, rendered before the run starts."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from acceltrial.errors import ConfigurationError
from acceltrial.load import apis
from acceltrial.load.address import Address
from acceltrial.load.dialect import OPENAI, Dialect
from acceltrial.load.plan import LoadPlan
from acceltrial.load.prompts import Tokenizer, TokenRate, exact_prompts, prompt_text, write_prompts

_AGENT = "acceltrial"
_BATCH = 512


def head(plan: LoadPlan, address: Address) -> bytes:
    """Everything of a request that all share, up to the fields that differ. Raises ConfigurationError."""
    fields = {
        "Host": address.host_header,
        "User-Agent": _AGENT,
        "Accept": "text/event-stream" if plan.streams else "application/json",
        "Accept-Encoding": "identity",  # compressed tokens could not be told apart
        "Content-Type": "application/json",
    }
    if plan.api_key_env:
        key = os.environ.get(plan.api_key_env)
        if not key:
            raise ConfigurationError(
                f"the environment variable {plan.api_key_env} is empty",
                where="load plan",
                remedy="export the key",
            )
        fields["Authorization"] = f"Bearer {key}"
    fields |= dict(plan.extra_headers or {})
    if not plan.keep_alive:
        fields["Connection"] = "close"
    for name, value in fields.items():
        if any(letter in f"{name}{value}" for letter in "\r\n\0"):
            raise ConfigurationError(f"the header {name!r} holds a line break", where="load plan")
    path = f"{address.path}{apis.PATHS[plan.api]}"
    lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
    return ("\r\n".join(lines) + "\r\n").encode("latin-1", errors="replace")


def prompts_of(plan: LoadPlan, rate: TokenRate, tokenizer: Tokenizer | None) -> Iterator[Any]:
    """The prompt of every request: the caller's own, or text written to the wanted length."""
    schedule = plan.schedule
    if schedule.prompts is not None:
        yield from schedule.prompts
        return
    texts = write_prompts(schedule.input_tokens, rate, schedule.seed, session=schedule.session)
    exact = tokenizer is not None and schedule.session is None and plan.api in ("completions", "embeddings")
    if not exact:
        yield from texts
        return
    assert tokenizer is not None
    wanted = schedule.input_tokens
    for start in range(0, len(wanted), _BATCH):
        lengths = wanted[start : start + _BATCH]
        yield from exact_prompts(list(islice(texts, _BATCH)), lengths, tokenizer)


@dataclass
class Rendering:
    """Renders the requests of a plan one by one, so that a million of them need no memory.

    Attributes:
        own_tokens: the prompt tokens of each request rendered so far by our tokenizer; empty without one.
    """

    plan: LoadPlan
    address: Address
    rate: TokenRate
    tokenizer: Tokenizer | None = None
    dialect: Dialect = OPENAI
    own_tokens: list[int] = field(default_factory=list)

    def warm_up(self) -> Iterator[bytes]:
        """Requests like the schedule's own, with other text, for warming up."""
        plan = self.plan
        if not plan.warm_up:
            return
        order = [i % len(plan.schedule) for i in range(plan.warm_up)]
        if plan.schedule.prompts is not None:
            prompts: Iterator[Any] = (plan.schedule.prompts[i] for i in order)
        else:
            prompts = write_prompts(
                plan.schedule.input_tokens[order], self.rate, plan.schedule.seed + 1_000_003
            )
        outputs = plan.schedule.output_tokens[order].tolist()
        yield from self._render(prompts, outputs, -plan.warm_up)

    def scheduled(self) -> Iterator[bytes]:
        """The bytes of every request of the schedule, in its order."""
        prompts = prompts_of(self.plan, self.rate, self.tokenizer)
        counted = prompts if self.tokenizer is None else self._counted(prompts, self.tokenizer)
        yield from self._render(counted, self.plan.schedule.output_tokens.tolist(), 0)

    def _counted(self, prompts: Iterator[Any], tokenizer: Tokenizer) -> Iterator[Any]:
        while batch := list(islice(prompts, _BATCH)):
            self.own_tokens += tokenizer.count([prompt_text(prompt) for prompt in batch])
            yield from batch

    def _render(self, prompts: Iterator[Any], outputs: list[int], first_number: int) -> Iterator[bytes]:
        """Every request is numbered by `X-Request-Id`, so that server logs can be joined."""
        plan, start = self.plan, head(self.plan, self.address)
        for number, (prompt, output) in enumerate(zip(prompts, outputs, strict=True), first_number):
            content = apis.body(
                plan.api,
                plan.model,
                prompt,
                output_tokens=output,
                stream=plan.streams,
                ignore_eos=plan.ignore_eos,
                extra=plan.extra_body,
                dialect=self.dialect,
            )
            yield start + b"X-Request-Id: %d\r\nContent-Length: %d\r\n\r\n" % (number, len(content)) + content
