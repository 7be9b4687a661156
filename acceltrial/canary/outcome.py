"""How a canary ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Outcome:
    """How a canary ended.

    Attributes:
        verdict: promote, rollback, hold, insufficient_traffic or aborted.
        at_s: seconds from its start.
        final_share: the canary's share afterwards, as the lever says (0 when it cannot be asked: its
            lease ends there).
        observations: rows of the table CanaryObservations.
        rollback_s: seconds from the verdict to the verified return to the baseline; None without one.
    """

    canary: str
    verdict: str
    guardrail: str | None
    at_s: float
    final_share: float
    reason: str
    started: datetime
    observations: list[dict[str, Any]] = field(default_factory=list)
    rollback_s: float | None = None
