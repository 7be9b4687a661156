"""What each bucket, and each of a workload's other traits, demands of any placement."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_BY_BUCKET: Final[dict[str, dict[str, str]]] = {
    "mission_critical": {
        "redundancy: at least 2 independent replicas": "one failed device, host or zone must not stop it",
        "rollback plan: the old path stays warm": "a bad roll-out must be undone within minutes",
        "fallback: a second kind of hardware serves the same model": "a fault of one stack must not spread",
        "observability: metrics, traces, alerts, output quality": "silent degradation outlasts an outage",
        "canary: widened stepwise with automatic rollback": "benchmarks do not show every failure",
        "capacity: peak load with one replica lost": "redundancy that cannot carry the peak is none",
        "on-call: a named owner around the clock": "somebody must act on the alert",
        "supply: driver and firmware under vendor support": "a security fix must be available",
        "drill: rollback and loss of a replica rehearsed each quarter": "an untested plan fails when needed",
    },
    "customer_facing": {
        "latency: the target holds at its percentile at peak load": "users notice the slow requests",
        "reproducibility: model, runtime and precision are pinned": "equal questions get equal quality",
        "canary: a small share of traffic before the rest": "users must not be the first to find a fault",
        "rollback plan: the previous version can be served again": "the way back must be open",
        "observability: latency, errors and output quality": "degradation must be seen before users tell",
        "capacity: headroom for the observed peak": "a queue at the peak breaks the latency target",
    },
    "exploratory": {
        "flexibility: any framework runs without compilation": "what is tried changes every week",
        "low friction: access within the hour, no commitment": "waiting costs more than the capacity",
        "budget: a spending cap and automatic shutdown": "forgotten machines cost most in a sandbox",
    },
}


def requirements(workload: Mapping[str, Any], classes: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Rows of Requirements for one workload, bucket first."""
    bucket = str(classes["criticality"])
    rows = [*_BY_BUCKET[bucket].items(), *_by_trait(workload, classes)]
    return [
        {"workload": workload["workload"], "criticality": bucket, "requirement": name, "reason": reason}
        for name, reason in rows
    ]


def _by_trait(workload: Mapping[str, Any], classes: Mapping[str, Any]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    if workload["residency"] != "any":
        regions = str(workload["residency"]).replace(",", ", ")
        found.append((f"residency: data stays in {regions}", "declared by the owner"))
    if workload["sensitivity"] in {"regulated", "confidential"}:
        found.append(
            ("isolation: encryption and tenant isolation on the device", f"{workload['sensitivity']} data")
        )
    if workload["sensitivity"] == "regulated":
        found.append(("audit: every access and every model version is recorded", "regulated data"))
    if classes["stability"] == "changing":
        found.append(
            ("portability: a new model runs without weeks of compiler work", "the model changes often")
        )
    if classes["shape"] == "bursty":
        found.append(("elasticity: capacity follows bursts, or is sized for them", "the traffic is bursty"))
    if classes["shape"] == "batch":
        found.append(
            ("preemption: work resumes after an interruption", "batch work can run on spare capacity")
        )
    if workload["power_budget_w"] is not None:
        found.append((f"power: at most {workload['power_budget_w']:g} W", "the device's power is bounded"))
    if classes["phase"] == "training":
        found.append(("checkpoints: at most one hour of work is lost", "training runs are interrupted"))
    return found
