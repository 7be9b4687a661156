"""Criticality: what an outage or a bad answer costs, and whom it reaches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from schemas.base import CRITICALITIES
from stages.classify.params import ClassifyParams
from stages.classify.ruling import Found, Ruling

_STRICT_PERCENTILE = 99.0
_STRICT_SUCCESS = 0.99
_SHORT_DEADLINE_H = 24.0


def criticality_ruling(workload: Mapping[str, Any], params: ClassifyParams) -> Ruling:
    """The bucket. Where the owner and the rules differ, the stricter counts (or the owner, by parameter)."""
    declared = workload["declared_criticality"]
    found = inferred_criticality(workload, params)
    if declared is None or declared == found.value:
        return Ruling("criticality", declared, found.value, found.value, found.rule, found.evidence)
    stricter = max((declared, found.value), key=CRITICALITIES.index)
    by_owner = params.criticality_conflict == "declared"
    decided = declared if by_owner else stricter
    rule = "criticality.declared" if by_owner else "criticality.stricter-of-both"
    return Ruling(
        "criticality", declared, found.value, decided, rule,
        f"the owner says {declared}; {found.rule} says {found.value}: {found.evidence}",
        note=f"{decided} counts: confirm it, or correct the declaration or the facts that the rule names",
    )  # fmt: skip


def inferred_criticality(workload: Mapping[str, Any], params: ClassifyParams) -> Found:
    """The first rule that applies, from the strictest bucket down."""
    value = _value_at_stake(workload)
    requests = workload["actions_per_month"] * workload["requests_per_action"]
    interactive = _interactive(workload)
    sensitive = workload["sensitivity"] in {"regulated", "confidential"}
    if workload["kind"] == "sandbox":
        return Found("exploratory", "criticality.sandbox", "its kind is sandbox")
    if (
        _strict(workload)
        and workload["sensitivity"] == "regulated"
        and (interactive or workload["always_on"])
    ):
        return Found(
            "mission_critical", "criticality.regulated-strict",
            f"regulated data, {_strictness(workload)}, and a decision is waited for",
        )  # fmt: skip
    if (
        value >= params.mission_value_usd_per_month
        and sensitive
        and (workload["always_on"] or _strict(workload))
    ):
        return Found(
            "mission_critical", "criticality.value-at-stake",
            f"{value:,.0f} USD a month at stake (from {params.mission_value_usd_per_month:,.0f}),"
            f" {workload['sensitivity']} data,"
            f" {'always on' if workload['always_on'] else _strictness(workload)}",
        )  # fmt: skip
    if interactive and requests >= params.exposed_requests_per_month:
        return Found(
            "customer_facing", "criticality.interactive-volume",
            f"people or systems wait for {requests:,.0f} answers a month"
            f" (from {params.exposed_requests_per_month:,.0f}) under a latency target",
        )  # fmt: skip
    deadline = workload["deadline_h"]
    due = workload["phase"] == "inference" and deadline is not None and deadline <= _SHORT_DEADLINE_H
    if due and value >= params.deadline_value_usd_per_month:
        return Found(
            "customer_facing", "criticality.deadline",
            f"results worth {value:,.0f} USD a month (from {params.deadline_value_usd_per_month:,.0f})"
            f" are due within {deadline:g} h",
        )  # fmt: skip
    if workload["always_on"] and workload["phase"] == "inference":
        return Found("customer_facing", "criticality.always-on", "it runs without pause and is relied upon")
    return Found(
        "exploratory", "criticality.nobody-waits",
        "no latency target under volume, no short deadline with value, not always on",
    )  # fmt: skip


def _interactive(workload: Mapping[str, Any]) -> bool:
    waited_for = workload["phase"] == "inference" and workload["kind"] != "batch"
    return waited_for and any(
        workload[name] is not None for name in ("slo_ttft_ms", "slo_tpot_ms", "slo_e2e_ms")
    )


def _strict(workload: Mapping[str, Any]) -> bool:
    floor = workload["success_rate_floor"] or 0.0
    return workload["slo_percentile"] >= _STRICT_PERCENTILE or floor >= _STRICT_SUCCESS


def _strictness(workload: Mapping[str, Any]) -> str:
    floor = workload["success_rate_floor"] or 0.0
    if floor >= _STRICT_SUCCESS:
        return f"a success floor of {floor:.1%}"
    return f"a latency target for {workload['slo_percentile']:g} % of the requests"


def _value_at_stake(workload: Mapping[str, Any]) -> float:
    """USD a month: value of an action × actions × the share that must succeed (all, when not said)."""
    floor = workload["success_rate_floor"]
    value: float = (workload["action_value_usd"] or 0.0) * workload["actions_per_month"]
    return value * (1.0 if floor is None else floor)
