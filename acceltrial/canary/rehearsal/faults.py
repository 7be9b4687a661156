"""What is wrong with the candidate of each rehearsal, and which guardrails may say so."""

from __future__ import annotations

from dataclasses import dataclass

RIGHT_TEMPLATE = "You are a careful clerk. Answer:\n\nPROMPT"
WRONG_TEMPLATE = "[INST] PROMPT [/INST]"
"""Of another model family: the answer no longer follows its question. It is no longer than the right one, so
that it costs quality and not time."""


@dataclass(frozen=True)
class Fault:
    """One fault.

    Attributes:
        slower: added delay of every request, as a share of the median that clients see.
        tail_share, tail_slower: share of requests that are late, and by how many such medians.
        fail_share: share of requests answered with an error.
        leak_bytes_per_s: what the candidate's process leaks.
        template: put around every prompt of the candidate; the baseline then has the right one.
        signal: sent to the candidate's process in the middle of the second step.
        by: the guardrails that rightly see it; empty for a healthy candidate.
    """

    name: str
    slower: float = 0.0
    tail_share: float = 0.0
    tail_slower: float = 0.0
    fail_share: float = 0.0
    leak_bytes_per_s: int = 0
    template: str = ""
    signal: str = ""
    by: tuple[str, ...] = ()

    @property
    def spoils_requests(self) -> bool:
        """Whether a hop before the server does the harm; the others are of the server's own process."""
        return bool(self.slower or self.tail_share or self.fail_share or self.template)


FAULTS = (
    Fault("healthy"),
    Fault("latency +30 %", slower=0.3, by=("latency",)),
    Fault("tail only", tail_share=0.2, tail_slower=4.0, by=("latency",)),
    Fault("3 % errors", fail_share=0.03, by=("errors",)),
    Fault("memory leak", leak_bytes_per_s=30_000_000, by=("memory",)),
    Fault("quality loss", template=WRONG_TEMPLATE, by=("quality",)),
    Fault("crash", signal="KILL", by=("health", "errors")),
    Fault("hang", signal="STOP", by=("health", "errors")),
)
