"""What makes a comparison worthless: clocks apart, a silent arm, missing metrics, a degraded baseline."""

from __future__ import annotations

import numpy as np

from acceltrial.canary.absolute import degraded_baseline
from acceltrial.canary.guardrails import ErrorGuardrail, Guardrail, JudgeSettings, LatencyGuardrail
from acceltrial.canary.records import Records

CLOCK = "clock"
FEW = 5
"""Requests of an arm that say nothing about its clock."""
SHIFTED_S = 120.0
"""Records of one arm that begin and end so much later than the other's are taken for a clock's offset."""


def hindrance(
    records: Records,
    rules: tuple[Guardrail, ...],
    judged: tuple[int, ...],
    settings: JudgeSettings,
    looks: int,
) -> tuple[str | None, str] | None:
    """What forbids a judgement although no bound was crossed, by name and in words; None when nothing does.

    `judged` is the number of canary requests that each of `rules` could count.
    """
    apart = clocks_apart(records)
    if apart:
        return CLOCK, apart
    end = looks * settings.interval_s
    recent = records.t_s >= end - settings.silence_s
    expected = (recent & ~records.canary).sum() * records.canary.mean()
    if end > settings.silence_s and expected >= 10 and not (recent & records.canary).any():
        return (
            "silence",
            f"the canary had no requests for {settings.silence_s:.0f} s where {expected:.0f} were due",
        )
    for rule, counted in zip(rules, judged, strict=True):
        if counted == 0 and not _has_data(rule, records):
            return rule.name, f"{rule.name}: the guardrail never had data"
        if isinstance(rule, LatencyGuardrail):
            values = records.column(rule.column)
            asked = records.ok & records.canary
            lost = float(np.isnan(values[asked]).mean()) if asked.any() else 0.0
            if lost > settings.missing_share:
                return rule.name, f"{rule.name}: {lost:.1%} of the canary's values are missing"
    alone = _without_counterpart(records)
    if alone > settings.missing_share:
        return "class", f"{alone:.1%} of the canary's requests are of classes that the baseline never had"
    degraded = degraded_baseline(records, rules, settings, looks)
    return ("baseline", degraded) if degraded else None


def clocks_apart(records: Records) -> str:
    """Why the arms' clocks may be apart; "" when both arms' records cover the same time."""
    canary, baseline = records.t_s[records.canary], records.t_s[~records.canary]
    if min(len(canary), len(baseline)) < FEW:
        return ""
    overlap = min(canary[-1], baseline[-1]) - max(canary[0], baseline[0])
    if overlap < 0.5 * min(canary[-1] - canary[0], baseline[-1] - baseline[0]):
        return "the arms' records hardly overlap in time: their clocks may be apart"
    begin_s, end_s = float(canary[0] - baseline[0]), float(canary[-1] - baseline[-1])
    least, most = sorted((abs(begin_s), abs(end_s)))
    if begin_s * end_s > 0 and least >= SHIFTED_S and most - least <= 0.1 * most:
        return (
            f"the canary's records begin and end about {most:.0f} s {'after' if end_s > 0 else 'before'} the"
            " baseline's: their clocks may be apart"
        )
    return ""


def _without_counterpart(records: Records) -> float:
    """The share of the canary's requests of whose class the baseline had none: nothing to compare with."""
    if not records.group.any():
        return 0.0
    theirs = np.bincount(records.group[records.canary])
    ours = np.bincount(records.group[~records.canary], minlength=len(theirs))[: len(theirs)]
    return float(theirs[ours == 0].sum() / max(theirs.sum(), 1))


def _has_data(rule: Guardrail, records: Records) -> bool:
    if isinstance(rule, ErrorGuardrail):
        return True
    fixed = {"quality": "quality", "memory": "memory_bytes", "length": "output_tokens", "cost": "cost_usd"}
    name = fixed.get(rule.kind, getattr(rule, "column", ""))
    return bool((~np.isnan(records.column(name)) & records.canary).any())
