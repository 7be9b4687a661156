"""Whether traffic follows the share that the lever claims."""

from __future__ import annotations

import math

from acceltrial.canary.lever import LeverState
from acceltrial.canary.records import Records
from acceltrial.canary.source import TRAFFIC
from acceltrial.stats.sequential import share_log_e

LIE_BOUND = math.log(1e4)
"""Evidence at which the observed split contradicts the share that the lever claims."""


def routed_at_step(
    state: LeverState | None, records: Records | None, since_s: float
) -> tuple[int, int] | None:
    """Requests to baseline and canary at this step: the lever's own counts, else those that the source saw.

    `since_s` (the source's clock) is a look after the step began: what ended in its first look may have
    been sent before it, and would count as a lie. None while lever or source are lost.
    """
    if state is None or records is None:
        return None
    if state.routed_baseline is not None and state.routed_canary is not None:
        return state.routed_baseline, state.routed_canary
    mine = (records.t_s >= since_s) & (records.group == TRAFFIC)
    return int((mine & ~records.canary).sum()), int((mine & records.canary).sum())


def contradiction(state: LeverState | None, routed: tuple[int, int] | None, share: float) -> str:
    """How the lever contradicts `share`, which was set, or its own reading; "" when it does not.

    The split is tested by an e-value of the binomial share (`share_log_e`), so it may be looked at always.
    """
    if state is None:
        return ""
    if abs(state.share - share) > state.granularity / 2 + 1e-9:
        return f"the lever says {state.share:.1%} where {share:.1%} was set"
    if routed is None or state.canary_up is False:  # a proxy spares a dead canary: no lie
        return ""
    total = sum(routed)
    if share_log_e(routed[1], total, state.share) >= LIE_BOUND:
        seen = routed[1] / total
        return f"the lever says {state.share:.1%}, but {seen:.1%} of {total} requests went to the canary"
    return ""
