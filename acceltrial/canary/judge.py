"""The verdict on a canary from the records of its requests: a pure function of records and settings."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from acceltrial.canary.absolute import first_breach
from acceltrial.canary.comparisons import compared_by
from acceltrial.canary.detectable import Detectable, detectable
from acceltrial.canary.guardrails import (
    LEAST_INTERVAL_S,
    Guardrail,
    JudgeSettings,
    MemoryGuardrail,
    default_guardrails,
)
from acceltrial.canary.hindrance import CLOCK, clocks_apart, hindrance
from acceltrial.canary.records import Floats, Records
from acceltrial.errors import ConfigurationError, DataContractError

MOST_LOOKS = 20_000
Verdict = Literal["promote", "rollback", "hold", "insufficient_traffic"]


@dataclass(frozen=True)
class GuardrailState:
    """One guardrail after the last look.

    `log_e` is the evidence of harm (nats) after every look, `bound` where it rolls back; `safe` the
    evidence that the harm to be excluded is absent, `safe_bound` where that is shown. Of ranked values the
    shares are those beyond the baseline's quantile `level`.
    """

    name: str
    log_e: Floats
    bound: float
    safe: float
    safe_bound: float
    share_canary: float
    share_baseline: float
    n_canary: int
    n_baseline: int
    detectable: Detectable | None
    note: str = ""
    level: float | None = None

    @property
    def crossed(self) -> int | None:
        """The first look at which the evidence of harm reached the bound."""
        over = np.flatnonzero(self.log_e >= self.bound)
        return int(over[0]) if len(over) else None

    @property
    def shown_safe(self) -> bool:
        """Whether the harm to be excluded is excluded. Memory has no such test: no alarm is enough."""
        return self.safe >= self.safe_bound

    def summary(self) -> dict[str, Any]:
        """JSON-able figures."""
        smallest = self.detectable.smallest_share(self.n_canary) if self.detectable else None
        return {
            "log_e": _finite(float(self.log_e.max(initial=0.0))),
            "bound": self.bound,
            "safe_log_e": _finite(self.safe),
            "safe_bound": self.safe_bound,
            "share_canary": self.share_canary if self.n_canary else None,
            "share_baseline": self.share_baseline if self.n_baseline else None,
            "beyond_baseline_quantile": self.level,
            "n_canary": self.n_canary,
            "n_baseline": self.n_baseline,
            "smallest_detectable_share": smallest,
            "needed_canary_requests": self.detectable.needed_requests if self.detectable else None,
            "note": self.note,
        }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


@dataclass(frozen=True)
class Judgement:
    """What the records say.

    Attributes:
        at_s: when the verdict fell: the end of the look that crossed a bound, else of the last look.
        guardrail: the one that decided; None for `promote`.
        hindered: something forbids a judgement (lost metrics, a degraded baseline), as against evidence
            that is still too thin.
    """

    verdict: Verdict
    at_s: float
    guardrail: str | None
    reason: str
    states: tuple[GuardrailState, ...]
    notes: tuple[str, ...] = field(default=())
    hindered: bool = False

    def state(self, name: str) -> GuardrailState | None:
        """The state of the guardrail called `name`."""
        return next((state for state in self.states if state.name == name), None)


def judge(
    records: Records, settings: JudgeSettings, *, until_s: float | None = None, where: str = "canary judge"
) -> Judgement:
    """The verdict on `records` after every look up to `until_s` (the last record when absent).

    The order of the grounds: an absolute bound or a sequential test that was crossed, whichever came
    first, is `rollback`; then whatever forbids a judgement (`insufficient_traffic`, `hold`); `promote` only
    when every guardrail has shown that the harm it guards against is absent. Errors say `where`:
    DataContractError for times that span too many looks, ConfigurationError for looks too short to count.
    """
    interval = settings.interval_s
    if interval < LEAST_INTERVAL_S:
        raise ConfigurationError(
            f"an interval of {interval:g} s is shorter than {LEAST_INTERVAL_S:g} s",
            where=where,
            remedy="give seconds, like 60",
        )
    first = (
        math.floor(float(records.t_s.min(initial=math.inf)) / interval) * interval if len(records) else 0.0
    )
    if first > 0:  # times may count from any origin: looks are counted from the first request
        until_s = None if until_s is None else until_s - first
        moved = judge(records.shifted(first), settings, until_s=until_s, where=where)
        return replace(moved, at_s=moved.at_s + first)
    rules = settings.guardrails or default_guardrails(set(records.values))
    end = float(records.t_s.max(initial=0.0)) if until_s is None else until_s
    looks = max(math.floor(end / interval + 1e-9) + (until_s is None), 1)
    if looks > MOST_LOOKS:
        if apart := clocks_apart(records):
            return Judgement("hold", looks * interval, CLOCK, apart, (), records.notes, hindered=True)
        raise DataContractError(
            f"the records span {end:g} s, which is {looks:g} looks of {interval:g} s",
            where=where,
            remedy="give t_s in seconds, lengthen the interval, or correct times far from the others",
        )
    records = records if until_s is None else _until(records, looks * interval)
    bounds = settings.bounds(rules)
    per_canary = float((~records.canary).sum() / max(records.canary.sum(), 1))
    notes = list(records.notes)
    states = tuple(
        _state(rule, records, settings, looks, bounds[rule.name], per_canary, notes) for rule in rules
    )
    breaches = [(s.crossed, s.name, _crossing(s)) for s in states if s.crossed is not None]
    found = [first_breach(rule, records, settings, looks, bounds[rule.name]) for rule in rules]
    breaches += [breach for breach in found if breach]
    if breaches:
        look, breached, text = min(breaches)
        return Judgement("rollback", (look + 1) * interval, breached, text, states, tuple(notes))
    verdict, name, reason, hindered = _without_breach(records, rules, states, settings, looks)
    return Judgement(verdict, looks * interval, name, reason, states, tuple(notes), hindered)


def _until(records: Records, end_s: float) -> Records:
    n = int(np.searchsorted(records.t_s, end_s))
    if n == len(records):
        return records
    values = {name: column[:n] for name, column in records.values.items()}
    return Records(
        records.t_s[:n], records.canary[:n], records.ok[:n], values, records.group[:n], records.notes
    )


def _crossing(state: GuardrailState) -> str:
    where = "" if state.level is None else f" beyond the baseline's p{100 * state.level:.4g}"
    return (
        f"{state.name}: {state.share_canary:.2%} of the canary's {state.n_canary} against"
        f" {state.share_baseline:.2%} of the baseline's {state.n_baseline}{where}"
    )


def _state(
    rule: Guardrail,
    records: Records,
    settings: JudgeSettings,
    looks: int,
    bound: float,
    per_canary: float,
    notes: list[str],
) -> GuardrailState:
    found, note = compared_by(rule, records, settings, looks)
    seen = found.expected_share
    shown = detectable(rule, bound, per_canary=per_canary, baseline_share=seen)
    if note:
        notes.append(note)
    safe = 0.0 if isinstance(rule, MemoryGuardrail) else float(found.safe[-1])
    safe_bound = 0.0 if isinstance(rule, MemoryGuardrail) else math.log(1 / settings.alpha_promote)
    return GuardrailState(
        rule.name,
        found.harm,
        bound,
        safe,
        safe_bound,
        found.share_canary,
        found.share_baseline,
        found.n_canary,
        found.n_baseline,
        shown,
        note,
        found.level,
    )


def _without_breach(
    records: Records,
    rules: tuple[Guardrail, ...],
    states: tuple[GuardrailState, ...],
    settings: JudgeSettings,
    looks: int,
) -> tuple[Verdict, str | None, str, bool]:
    n_canary, n_baseline = int(records.canary.sum()), int((~records.canary).sum())
    for count, arm in ((n_canary, "canary"), (n_baseline, "baseline")):
        if count == 0:
            return "insufficient_traffic", None, f"the {arm} had no requests", False
    found = hindrance(records, rules, tuple(state.n_canary for state in states), settings, looks)
    if found:
        return "hold", *found, True
    thin = [
        state
        for state in states
        if state.detectable
        and not state.detectable.enough(state.n_canary)
        and (settings.needs_power or not state.shown_safe)
    ]
    if thin:
        return "insufficient_traffic", thin[0].name, _too_little(thin[0]), False
    unsure = [s for s in states if not s.shown_safe]
    if unsure:
        first = unsure[0]
        text = f"{first.name}: neither harm nor its absence is shown by {first.n_canary} canary requests"
        return "hold", first.name, text, False
    return "promote", None, "every guardrail shows that the harm it guards against is absent", False


def _too_little(state: GuardrailState) -> str:
    shown = state.detectable
    assert shown is not None
    share = shown.smallest_share(state.n_canary)
    smallest = "no effect at all" if share is None else f"{share:.1%} or more"
    return (
        f"{state.name}: {state.n_canary} canary requests can show {smallest} against"
        f" {shown.baseline_share:.1%}; to show {shown.demanded_share:.1%} takes {shown.needed_requests}"
    )
