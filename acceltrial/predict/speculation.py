"""Time per token with a small model that drafts and a large one that checks.

A round drafts k tokens and checks them in one pass. If each is accepted with probability α, independently,
a round yields (1 - α^(k+1)) ÷ (1 - α) tokens (Leviathan, Kalman and Matias, ICML 2023, eq. 1) and takes k
draft steps and one step of the large model over k + 1 tokens of each sequence.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from acceltrial.predict.case import ServingCase, as_arrays
from acceltrial.predict.estimates import estimate
from acceltrial.predict.operating import Ranged
from acceltrial.predict.parameters import Parameters
from acceltrial.predict.physics import Physical, decode_s
from acceltrial.predict.refusal import refuse_impossible
from acceltrial.predict.shape import ModelShape

ACCEPTANCE_SLACK = 0.1
"""How far the acceptance may be off either way: it hangs on text and model; declared."""


@dataclass(frozen=True, slots=True)
class Speculation:
    """A draft model, the tokens that it drafts a round, and how likely each is accepted (0 to below 1)."""

    draft: ModelShape
    tokens: int
    acceptance: float

    def __post_init__(self) -> None:
        if self.tokens < 1 or not 0.0 <= self.acceptance < 1.0:
            raise ValueError("a round drafts at least one token, accepted with a probability of 0 to below 1")


def tokens_per_round(tokens: int, acceptance: float) -> float:
    """Tokens that a round yields on average: 1 to `tokens` + 1."""
    return float((1.0 - acceptance ** (tokens + 1)) / (1.0 - acceptance))


def relative_time(case: ServingCase, plan: Speculation, physical: Physical) -> float:
    """Time per token beside that without drafts: below 1 is a gain.

    Raises:
        RefusedError: the draft cannot run on the device.
    """
    drafting = replace(case, shape=plan.draft)
    refuse_impossible(drafting)
    plain = decode_s(as_arrays([case]), physical)[0]
    check = decode_s(as_arrays([case]), physical, plan.tokens + 1.0)[0]
    draft = decode_s(as_arrays([drafting]), physical)[0]
    return float((plan.tokens * draft + check) / tokens_per_round(plan.tokens, plan.acceptance) / plain)


def speculative_tpot_ms(case: ServingCase, plan: Speculation, parameters: Parameters) -> Ranged:
    """Milliseconds per token with drafts and an 80 % interval, which the acceptance widens.

    Raises:
        RefusedError: the model or the draft cannot run on the device.
    """
    refuse_impossible(case)
    found = estimate([case], ["tpot"], parameters)
    usual = relative_time(case, plan, parameters.physical)
    better = replace(plan, acceptance=min(plan.acceptance + ACCEPTANCE_SLACK, 0.99))
    worse = replace(plan, acceptance=max(plan.acceptance - ACCEPTANCE_SLACK, 0.0))
    low, high = (relative_time(case, other, parameters.physical) for other in (better, worse))
    return Ranged(found.value * usual, np.minimum(found.low * low, found.low * usual), found.high * high)
