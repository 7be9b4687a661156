"""Bounds that hold whatever the other arm does, so that a degraded baseline promotes nothing."""

from __future__ import annotations

import math

import numpy as np

from acceltrial.canary.evidence import beyond
from acceltrial.canary.guardrails import (
    ErrorGuardrail,
    EventGuardrail,
    Guardrail,
    JudgeSettings,
    LatencyGuardrail,
    MemoryGuardrail,
    QualityGuardrail,
    default_guardrails,
)
from acceltrial.canary.records import Flags, Floats, Records
from acceltrial.canary.tally import growth_by_look

Breach = tuple[int, str, str]
"""The look, the guardrail, and what happened."""

_DEGRADED_RATE = 0.05
_START_REQUESTS = 100
_START_Z = 2.33
"""Normal quantile (99 %) of the upper end that is taken for the baseline's failures at its own start."""
_GROWING_LOOKS = 0.3
BEFORE_REQUESTS = 20


def first_breach(
    rule: Guardrail, records: Records, settings: JudgeSettings, looks: int, bound: float
) -> Breach | None:
    """The first look at which the canary, and not the baseline too, broke an absolute bound of `rule`."""
    if isinstance(rule, MemoryGuardrail):
        return _headroom(rule, records, settings)
    found = _absolute(rule, records)
    if found is None:
        return None
    bad, known, limit, text = found
    crossed = [_crossed(bad, known & arm, records, settings, looks, limit, bound) for arm in _arms(records)]
    if crossed[1] is None or crossed[0] is not None:
        return None
    return crossed[1], rule.name, f"{rule.name}: the canary breaks the absolute bound of {text}"


def degraded_baseline(
    records: Records, rules: tuple[Guardrail, ...], settings: JudgeSettings, looks: int
) -> str:
    """Why the baseline is no measure any more: it breaks an absolute bound, or is far below its own start."""
    for rule in rules:
        bound = settings.bounds(rules)[rule.name]
        checks = [found for found in (_absolute(rule, records), _own_start(rule, records, settings)) if found]
        for bad, known, limit, text in checks:
            crossed = _crossed(bad, known & ~records.canary, records, settings, looks, limit, bound)
            if crossed is not None:
                return (
                    f"{rule.name}: the baseline itself breaks {text}: promotion by comparison would be blind"
                )
    return ""


def worse_than_before(
    records: Records, since_s: float, settings: JudgeSettings, alpha: float
) -> Breach | None:
    """What broke in the soak: from `since_s` on all traffic is the canary's, so it is held to the past.

    Failures: at most the share before plus five points. Latency: at most a tenth slower than
    `baseline_factor` times the p95 that both arms had before. Memory, where it is a guardrail: its headroom,
    and growth in at most three looks of ten.
    """
    before, after = records.t_s < since_s, records.canary & (records.t_s >= since_s)
    if before.sum() < BEFORE_REQUESTS or not after.any():
        return None
    looks = int(records.t_s.max() // settings.interval_s) + 1
    rate = float((~records.ok[before]).mean())
    everything = np.ones(len(records), dtype=bool)
    checks: list[tuple[str, Check]] = [
        ("errors", (~records.ok, everything, min(rate + _DEGRADED_RATE, 0.99), f"{rate:.1%} failures before"))
    ]
    latency = records.column("latency_ms")
    known = records.ok & ~np.isnan(latency)
    if (known & before).any():
        limit_ms = settings.baseline_factor * _upper(latency[known & before])
        checks.append(("latency", (latency > limit_ms, known, 0.1, f"{limit_ms:.4g} ms at p90")))
    for name, (bad, counted, limit, text) in checks:
        crossed = _crossed(bad, counted & after, records, settings, looks, limit, math.log(1 / alpha))
        if crossed is not None:
            return crossed, name, f"{name}: worse with all traffic than {text}"
    rules = settings.guardrails or default_guardrails(set(records.values))
    found = (_leak(rule, records, after, settings, looks, math.log(1 / alpha)) for rule in rules)
    return next((breach for breach in found if breach), None)


Check = tuple[Flags | Floats, Flags, float, str]
"""Bad values by request, which requests count, the share that may be bad, and the bound in words."""


def _absolute(rule: Guardrail, records: Records) -> Check | None:
    everything = np.ones(len(records), dtype=bool)
    if isinstance(rule, ErrorGuardrail) and rule.max_rate is not None:
        return ~records.ok, everything, rule.max_rate, f"{rule.max_rate:.1%} failures"
    if isinstance(rule, EventGuardrail) and rule.max_rate is not None:
        flags = records.column(rule.column)
        return flags, ~np.isnan(flags), rule.max_rate, f"{rule.max_rate:.1%} {rule.column}"
    if isinstance(rule, LatencyGuardrail) and rule.max_ms is not None:
        values = records.column(rule.column)
        known = records.ok & ~np.isnan(values)
        return values > rule.max_ms, known, 0.05, f"{rule.max_ms:g} ms at the 95th percentile"
    if isinstance(rule, QualityGuardrail) and rule.floor is not None:
        values = records.column("quality")
        return 1 - values, ~np.isnan(values), 1 - rule.floor, f"mean quality {rule.floor:g}"
    return None


def _own_start(rule: Guardrail, records: Records, settings: JudgeSettings) -> Check | None:
    """The baseline against its own first reference span: twice as slow at p95, or failures beyond harm.

    More failures are harm when they pass `baseline_factor` times those of the start, or those and the harm
    that the guardrail must exclude: a canary that is merely better than that is not good.
    """
    span = min(settings.reference_s, float(records.t_s.max(initial=0.0)) / 4)
    start = ~records.canary & (records.t_s < span)
    if start.sum() < _START_REQUESTS:
        return None
    if isinstance(rule, ErrorGuardrail):
        failed, served = int((~records.ok[start]).sum()), int(start.sum())
        most = _most(failed, served)
        limit = min(max(settings.baseline_factor * most, most + rule.harm), 0.99)
        text = f"{limit:.1%} failures (its own start: {failed / served:.1%})"
        return ~records.ok, records.t_s >= span, limit, text
    if isinstance(rule, LatencyGuardrail):
        values = records.column(rule.column)
        known = records.ok & ~np.isnan(values)
        if (known & start).sum() < _START_REQUESTS:
            return None
        limit_ms = settings.baseline_factor * _upper(values[known & start])
        text = (
            f"{limit_ms:g} ms at the 90th percentile ({settings.baseline_factor:g} times its own start's p95)"
        )
        return values > limit_ms, known & (records.t_s >= span), 0.1, text
    return None


def _most(k: int, n: int) -> float:
    """The upper end of Wilson's interval for a share, at `_START_Z`."""
    z2 = _START_Z**2
    return (k + z2 / 2 + _START_Z * math.sqrt(k * (n - k) / n + z2 / 4)) / (n + z2)


def _upper(values: Floats) -> float:
    """The 95th percentile, as one of the values."""
    place = min(int(0.95 * len(values)), len(values) - 1)
    return float(np.partition(values, place)[place])


def _arms(records: Records) -> tuple[Flags, Flags]:
    return ~records.canary, records.canary


def _crossed(
    bad: Flags | Floats,
    counted: Flags,
    records: Records,
    settings: JudgeSettings,
    looks: int,
    limit: float,
    bound: float,
) -> int | None:
    look = records.looks(settings.interval_s)[counted]
    n = np.bincount(look, minlength=looks).astype(np.float64)
    k = np.bincount(look, weights=bad[counted], minlength=looks)
    over = np.flatnonzero(beyond(k.astype(np.float64), n, limit) >= bound)
    return int(over[0]) if len(over) else None


def _leak(
    rule: Guardrail, records: Records, after: Flags, settings: JudgeSettings, looks: int, bound: float
) -> Breach | None:
    """Memory in the soak, where no baseline is left to compare it with."""
    if not isinstance(rule, MemoryGuardrail):
        return None
    grown, present = growth_by_look(records, after, rule.growth, looks, settings.interval_s)
    over = np.flatnonzero(beyond(grown, present, _GROWING_LOOKS) >= bound)
    if len(over):
        text = (
            f"memory: grew by {rule.growth:.1%} in {grown.sum():.0f} of {present.sum():.0f} looks of the soak"
        )
        return int(over[0]), rule.name, text
    return _headroom(rule, records, settings)


def _headroom(rule: MemoryGuardrail, records: Records, settings: JudgeSettings) -> Breach | None:
    if rule.limit_bytes is None:
        return None
    allowed = rule.limit_bytes * (1 - rule.headroom)
    over = np.flatnonzero(records.canary & (records.column("memory_bytes") > allowed))
    if not len(over):
        return None
    look = math.floor(records.t_s[over[0]] / settings.interval_s)
    used = records.column("memory_bytes")[over[0]]
    text = f"memory: {used:.0f} bytes leave less than {rule.headroom:.0%} of the limit free"
    return look, rule.name, text
