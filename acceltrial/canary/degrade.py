"""A candidate made worse on purpose, by a real hop in front of a real server, to demonstrate a rollback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pydantic import BaseModel, ConfigDict, Field, field_validator

from acceltrial.canary.levers.split_proxy import host_and_port
from acceltrial.canary.relay.process import hop


class Degradation(BaseModel):
    """What is spoilt: a share of requests is answered late, another fails, prompts are put in a template.

    The delay is `delay_ms` and, beside it, `delay_medians` times the median of the server's own last answers:
    so it stays the same share of the latency whatever the load.
    `template` has the word PROMPT where the prompt of a completion goes; empty leaves prompts as they are.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    delay_share: float = Field(0.5, ge=0, le=1)
    delay_ms: float = Field(400.0, ge=0, allow_inf_nan=False)
    delay_medians: float = Field(0.0, ge=0, allow_inf_nan=False)
    fail_share: float = Field(0.0, ge=0, le=1)
    template: str = ""

    @field_validator("template")
    @classmethod
    def _has_a_place(cls, value: str) -> str:
        if value and "PROMPT" not in value:
            raise ValueError("the template has no word PROMPT where the prompt goes")
        return value

    def describe(self) -> str:
        """One phrase for the record."""
        parts = []
        if self.delay_share and self.delay_ms:
            parts.append(f"{self.delay_ms:g} ms added to {self.delay_share:.0%} of requests")
        if self.delay_share and self.delay_medians:
            parts.append(f"{self.delay_medians:g} medians added to {self.delay_share:.0%} of requests")
        if self.fail_share:
            parts.append(f"{self.fail_share:.0%} of requests failed")
        if self.template:
            parts.append("prompts put in a template of another model")
        return ", ".join(parts) or "nothing"


@contextmanager
def degraded(
    upstream_url: str, degradation: Degradation, *, seed: int = 0, timeout_s: float = 60.0
) -> Iterator[str]:
    """The URL of a hop that passes requests to `upstream_url` and spoils them as told."""
    orders = {
        "mode": "degrade",
        "upstream": host_and_port(upstream_url),
        "delay_share": degradation.delay_share,
        "delay_s": degradation.delay_ms / 1e3,
        "delay_medians": degradation.delay_medians,
        "fail_share": degradation.fail_share,
        "template": degradation.template,
        "seed": seed,
        "timeout_s": timeout_s,
    }
    with hop(orders) as ports:
        yield f"http://127.0.0.1:{ports['port']}"
