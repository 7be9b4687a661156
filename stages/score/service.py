"""How well an option serves a workload: speed against the targets, failures, right answers, power."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from statistics import median

from acceltrial.cost.ownership import Assumption
from acceltrial.cost.success import on_time_among_answered
from stages.score.figures import UNKNOWN, Evidence, Given
from stages.score.params import ScoreParams
from stages.score.world import Option, Workload

TDP_SHARE_LOW, TDP_SHARE = 0.3, 0.7
"""Mean draw as a share of the rated power: a declared range, wide because loads differ that much."""
_METRICS = {
    "ttft_ms": ("ttft_from_intended_ms", "ttft_ms"),
    "tpot_ms": ("tpot_ms",),
    "e2e_ms": ("e2e_from_intended_ms", "e2e_ms"),
}


@dataclass(frozen=True, slots=True)
class Figures:
    """What is known of one option for one workload. `step_time_s` and `overhead` are of training."""

    capacity: Given
    failure: Given
    on_time: Given
    correct: Given
    watts: Given
    energy: Given
    latency: Given
    step_time: Given
    overhead: float = 0.0


def figures_of(
    evidence: Evidence,
    workload: Workload,
    option: Option,
    params: ScoreParams,
    borrowed: Given,
    hosts: dict[str, int],
) -> Figures:
    """The figures of the option. `borrowed` is the success rate of the same model elsewhere."""
    w, o = workload.id, option.id
    failure = evidence.get(w, o, "failure_rate", "rate")
    if not failure.known:
        failure = _assumed(params.assumed_failure_rate, "failure rate")
    latency = (
        _training_latency(evidence, workload, o) if workload.training else latency_of(evidence, workload, o)
    )
    step = evidence.get(w, o, "step_time_s", "p50", "mean")
    return Figures(
        capacity=_capacity(evidence, w, o),
        failure=failure,
        on_time=_on_time(evidence, workload, o, failure, latency),
        correct=_correct(evidence, workload, o, params, borrowed),
        watts=_watts(evidence, w, option, hosts),
        energy=evidence.get(w, o, "energy_j_per_request", "mean"),
        latency=latency,
        step_time=step,
        overhead=_training_overhead(evidence, workload, o, step),
    )


def without_offer(
    evidence: Evidence, workload: Workload, option: Option, params: ScoreParams, borrowed: Given
) -> Figures:
    """The figures that a veto can rest on, for an option that no offer is left for."""
    latency = _training_latency(evidence, workload, option.id) if workload.training else None
    nothing = Given(reason="not looked up: no offer is left for the option")
    shown = latency_of(evidence, workload, option.id) if latency is None else latency
    correct = _correct(evidence, workload, option.id, params, borrowed)
    return Figures(nothing, nothing, nothing, correct, nothing, nothing, shown, nothing)


def latency_of(evidence: Evidence, workload: Workload, option: str) -> Given:
    """The latency at the workload's percentile as a share of its target: the worst of its targets.

    A higher percentile stands in for a lower one. A lower one only proves a miss: p99 is never
    below p95. Where the workload has no target: its end-to-end latency in ms.
    """
    statistics = _statistics(workload.row["slo_percentile"])
    if not workload.targets_ms:
        return evidence.first(workload.id, option, ("e2e_from_intended_ms", "e2e_ms", "ttft_ms"), *statistics)
    found = _against_targets(evidence, workload, option, statistics)
    if found.known or statistics[0] == "p50":
        return found
    below = _against_targets(
        evidence, workload, option, ("p95", "p50") if statistics == ("p99",) else ("p50",)
    )
    if not below.known:
        return found
    if below.value > 1:
        return below
    return Given(
        reason=f"{found.reason}; at a lower percentile {below.value:.0%} of the target ({below.source})"
    )


def _against_targets(
    evidence: Evidence, workload: Workload, option: str, statistics: tuple[str, ...]
) -> Given:
    found, unknown = [], []
    for metric, limit in workload.targets_ms.items():
        figure = evidence.first(workload.id, option, _METRICS[metric], *statistics)
        if figure.known:
            found.append((figure.value / limit, limit, figure))
        else:
            unknown.append(metric)
    if not found:
        return Given(reason=f"no {' or '.join(statistics)} of {', '.join(unknown)}")
    share, limit, worst = max(found, key=lambda entry: entry[0])
    note = f"; unknown: {', '.join(unknown)}" if unknown else ""
    return replace(
        worst,
        value=share,
        low=worst.low / limit,
        high=worst.high / limit,
        source=f"{worst.source}; {worst.value:.4g} ms of {limit:g} ms allowed{note}",
    )


def pooled_success(evidence: Evidence, workload: Workload, options: list[Option]) -> Given:
    """The success rate to borrow for options on which it was not measured: the same model's elsewhere."""
    found = [
        (option.id, figure)
        for option in options
        if (figure := evidence.get(workload.id, option.id, "success_rate", "rate")).known
    ]
    if not found:
        return Given(reason="no success rate was measured")
    ends = [end for _, f in found for end in (f.low, f.high, f.value) if end == end]
    dates = [f.date for _, f in found if f.date]
    return Given(
        median(f.value for _, f in found),
        min(ends),
        max(ends),
        "predicted",
        f"success rate of the same model on {', '.join(name for name, _ in found)}; other kernels may differ",
        max(dates) if dates else None,
        correlated="borrowed",
    )


def _statistics(percentile: float) -> tuple[str, ...]:
    if percentile <= 50:
        return ("p50", "p95", "p99")
    return ("p95", "p99") if percentile <= 95 else ("p99",)


def _capacity(evidence: Evidence, workload: str, option: str) -> Given:
    capacity = evidence.get(workload, option, "capacity_rps", "max")
    if capacity.known:
        return capacity
    achieved = evidence.get(workload, option, "requests_per_s", "mean")
    if not achieved.known:
        return capacity
    return replace(achieved, source=f"{achieved.source}; the achieved rate, so a lower bound of the capacity")


def _on_time(evidence: Evidence, workload: Workload, option: str, failure: Given, latency: Given) -> Given:
    """Share of answered requests in time; from the percentile where it was not counted."""
    attained = evidence.get(workload.id, option, "slo_attainment", "rate")
    if attained.known:
        value, low, high = (
            float(on_time_among_answered(end, failure.value))
            for end in (attained.value, attained.low, attained.high)
        )
        return replace(attained, value=value, low=low, high=high)
    if workload.training or not workload.targets_ms:
        return Given(1.0, 1.0, 1.0, latency.grade, "no latency target to miss", latency.date)
    for statistic, share in (("p99", 0.99), ("p95", 0.95), ("p50", 0.5)):
        held = _against_targets(evidence, workload, option, (statistic,))
        if held.known and held.value <= 1:
            told = f"at least {share:.0%} in time: {held.source}"
            return replace(held, value=share, low=share, high=1.0, source=told)
    return Given(reason=latency.reason or "misses its latency target")


def _correct(
    evidence: Evidence, workload: Workload, option: str, params: ScoreParams, borrowed: Given
) -> Given:
    measured = evidence.get(workload.id, option, "success_rate", "rate")
    if measured.known:
        return measured
    if borrowed.known:
        return borrowed
    floor = workload.row["success_rate_floor"]
    if floor is not None:
        source = "the success rate that the owner requires at least"
        return Given(floor, floor, 1.0, "declared", source, correlated="assumed")
    return _assumed(params.assumed_success_rate, "success rate")


def _watts(evidence: Evidence, workload: str, option: Option, hosts: dict[str, int]) -> Given:
    measured = evidence.get(workload, option.id, "power_w", "mean")
    if measured.known:
        return measured
    if option.is_target and hosts.get(str(option.target["device"]), 0) > 1:
        return Given(reason="not measured; rated power does not tell two targets of one device apart")
    rated = option.accelerator.get("tdp_w")
    if rated is None:
        return Given(reason="neither measured power nor a rated power in the catalogue")
    watts = rated * option.row["count"]
    return Given(
        watts * TDP_SHARE,
        watts * TDP_SHARE_LOW,
        watts,
        "predicted",
        f"{TDP_SHARE:.0%} of the rated {watts:g} W (30 to 100 %)",
    )


def _training_latency(evidence: Evidence, workload: Workload, option: str) -> Given:
    """Hours of a run as a share of its deadline; without a deadline the step time in ms."""
    step = evidence.get(workload.id, option, "step_time_s", "p50", "mean")
    steps, deadline = workload.row["training_steps_per_run"], workload.row["deadline_h"]
    if not step.known:
        return step
    scale = steps / 3600 / deadline if steps and deadline else 1000.0
    source = f"{step.source}; {steps:g} steps within {deadline:g} h" if steps and deadline else step.source
    return replace(
        step, value=step.value * scale, low=step.low * scale, high=step.high * scale, source=source
    )


def _training_overhead(evidence: Evidence, workload: Workload, option: str, step: Given) -> float:
    """Compilation, first step and one checkpoint a run, as a share of the time of its steps."""
    steps = workload.row["training_steps_per_run"]
    if not (step.known and steps):
        return 0.0
    extra = 0.0
    for metric, less in (
        ("first_step_time_s", step.value),
        ("compile_time_s", 0.0),
        ("checkpoint_time_s", 0.0),
    ):
        figure = evidence.get(workload.id, option, metric, "p50", "mean", "total", "max")
        if figure.known:
            extra += max(0.0, figure.value - less)
    return float(extra / (steps * step.value))


def _assumed(assumption: Assumption, what: str) -> Given:
    at = datetime(assumption.as_of.year, assumption.as_of.month, assumption.as_of.day, tzinfo=UTC)
    source = f"assumed {what}: {assumption.source}"
    return Given(
        assumption.value, assumption.low, assumption.high, "declared", source, at, correlated="assumed"
    )


__all__ = ["UNKNOWN", "Figures", "figures_of", "latency_of", "pooled_success"]
