"""Which row answers a question: the best evidence for a metric, the metrics that judge a workload."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from stages.report.formatting import words
from stages.report.tables import Tables

PHASE_ORDER = ["replay", "training", "synthetic", "stack", "predicted"]
"""Nearest to the workload's own traffic first."""

SLO_METRICS = {
    "slo_ttft_ms": ("ttft_from_intended_ms", "ttft_ms"),
    "slo_tpot_ms": ("tpot_ms", "itl_ms"),
    "slo_e2e_ms": ("e2e_from_intended_ms", "e2e_ms"),
}
SLO_TITLES = {
    "slo_ttft_ms": "time to first token",
    "slo_tpot_ms": "time per output token",
    "slo_e2e_ms": "end to end",
}
METRIC_TITLES = {
    "ttft": "time to first token",
    "tpot": "time per output token",
    "itl": "inter-token latency",
    "e2e": "end to end",
    "capacity": "highest rate held",
}
COST_METRICS = {
    "inference": ("usd_per_1k_successful_actions", "usd_per_1k_requests", "usd_per_million_output_tokens"),
    "training": ("usd_per_trained_step", "usd_per_run", "usd_per_month"),
}
COST_TITLES = {
    "usd_per_1k_successful_actions": "per 1,000 successful business actions",
    "usd_per_1k_requests": "per 1,000 requests",
    "usd_per_million_output_tokens": "per million output tokens",
    "usd_per_trained_step": "per trained step",
    "usd_per_run": "per training run",
    "usd_per_month": "per month",
}
CLASS_TITLES = {
    "gpu": "GPU",
    "training_accelerator": "Training accel.",
    "inference_asic": "Inference ASIC",
    "tpu": "TPU",
    "npu": "NPU",
    "cpu": "CPU",
    "neuromorphic": "Neuro­morphic",
}
FLIP_TITLES = {
    "price": "the winner's price",
    "rival_price": "the rival's price",
    "volume": "the volume",
    "utilisation": "the share of its capacity that the winner reaches",
    "quality": "the winner's share of right answers",
    "engineering_cost": "the cost of people's work",
}
"""What moves, by kind of flip."""


@dataclass(frozen=True, slots=True)
class LatencyTarget:
    """A limit that the workload's owner set."""

    name: str
    title: str
    limit_ms: float
    statistic: str
    metrics: tuple[str, ...]


def metric_title(metric: str) -> str:
    """A metric of Measurements in words, without its unit: `ttft_ms` is `time to first token`."""
    stem = re.sub("_(ms|s|rps)$", "", metric)
    return METRIC_TITLES.get(stem.removesuffix("_from_intended")) or words(stem)


def latency_targets(tables: Tables, workload: str) -> list[LatencyTarget]:
    """The workload's latency limits, from its profile (or its declaration when it has none)."""
    row = tables.row("profiles", workload) or tables.row("workloads", workload)
    if row is None:
        return []
    statistic = f"p{row['slo_percentile']:g}"
    return [
        LatencyTarget(name, SLO_TITLES[name], row[name], statistic, metrics)
        for name, metrics in SLO_METRICS.items()
        if row[name] is not None
    ]


def best_measurement(
    rows: Sequence[dict[str, Any]], metrics: Sequence[str], statistics: Sequence[str]
) -> dict[str, Any] | None:
    """The row nearest to the workload's own traffic that has one of `metrics` and `statistics`.

    Valid rows come before invalid ones and known values before unknown ones; then the order of
    `PHASE_ORDER`, of `metrics` and of `statistics` decides.
    """
    fitting = [row for row in rows if row["metric"] in metrics and row["statistic"] in statistics]
    return min(
        fitting,
        key=lambda row: (
            row["value"] is None,
            not row["valid"],
            PHASE_ORDER.index(row["phase"]),
            metrics.index(row["metric"]),
            statistics.index(row["statistic"]),
            row["_row"],
        ),
        default=None,
    )


def measurements_by_option(tables: Tables, workload: str) -> dict[str, list[dict[str, Any]]]:
    """A workload's measurements by option."""
    parts: dict[str, list[dict[str, Any]]] = {}
    for row in tables.rows("measurements", workload):
        parts.setdefault(row["option"], []).append(row)
    return parts


def costs_by_option(tables: Tables, workload: str) -> dict[str, dict[str, dict[str, Any]]]:
    """A workload's cost rows by option and metric."""
    parts: dict[str, dict[str, dict[str, Any]]] = {}
    for row in tables.rows("costs", workload):
        parts.setdefault(row["option"], {})[row["metric"]] = row
    return parts


def workload_phase(tables: Tables, workload: str) -> str:
    """`inference` or `training`: as classified, else as declared."""
    row = tables.row("classes", workload) or tables.row("workloads", workload)
    return str(row["phase"]) if row else "inference"


def leading_cost_metric(tables: Tables, workload: str) -> str | None:
    """The cost metric by which the workload's options are compared: the first that most of them have."""
    costs = costs_by_option(tables, workload)
    for metric in COST_METRICS[workload_phase(tables, workload)]:
        if any(rows.get(metric, {}).get("value") is not None for rows in costs.values()):
            return metric
    return None


def latency_question(tables: Tables, workload: str) -> tuple[tuple[str, ...], tuple[str, ...], str]:
    """Metrics, statistics and title by which the latency of the workload's options is compared."""
    if workload_phase(tables, workload) == "training":
        return ("step_time_s",), ("p50", "mean"), "step time"
    targets = latency_targets(tables, workload)
    if targets:
        first = targets[0]
        return first.metrics, (first.statistic, "p95", "p50", "mean"), f"{first.title}, {first.statistic}"
    return SLO_METRICS["slo_e2e_ms"] + SLO_METRICS["slo_ttft_ms"], ("p95", "p50", "mean"), "latency, p95"


def measured_here(tables: Tables, workload: str, option: str | None = None) -> bool:
    """Whether any valid figure of the workload (and option) was measured."""
    return any(
        row["grade"] == "measured" and row["value"] is not None and option in (None, row["option"])
        for row in tables.rows("measurements", workload)
    )


def devices_of(tables: Tables, workload: str) -> dict[str, str]:
    """The accelerator of each option of the workload, or the option itself where it names none."""
    return {row["option"]: row["accelerator"] or row["option"] for row in tables.rows("candidates", workload)}


def device_p_best(tables: Tables, workload: str, option: str) -> float | None:
    """Share of the draws in which the option's device comes first, in any number and number format.

    None where no draw is on record.
    """
    devices = devices_of(tables, workload)
    device = devices.get(option, option)
    shares = [
        row["p_best"]
        for row in tables.rows("ranking", workload)
        if row["p_best"] is not None and devices.get(row["option"], row["option"]) == device
    ]
    return min(1.0, sum(shares)) if shares else None


def flip_unit(flip: dict[str, Any]) -> str:
    """The unit of a flip's figures; empty for a share, which its title tells."""
    return "" if flip["kind"] in ("utilisation", "quality") else f" {flip['unit']}"


def nearest_flip(tables: Tables, workload: str) -> dict[str, Any] | None:
    """The workload's flip point that is nearest to today's figures; None where none is known."""
    known = [row for row in tables.rows("flips", workload) if row["distance"] is not None]
    return min(known, key=lambda row: (row["distance"], row["kind"]), default=None)


def veto_kind(reason: str) -> str:
    """The rule that vetoed: the reason up to its first colon or bracket."""
    return re.split(r"[:(]", reason, maxsplit=1)[0].strip() or "no reason given"


def commonest_veto(tables: Tables, workload: str) -> str:
    """What rules out most of the options that would fit; empty where none of them is ruled out."""
    fits = {row["option"] for row in tables.rows("candidates", workload) if row["feasible"]}
    kinds = Counter(
        veto_kind(row["veto_reason"])
        for row in tables.rows("ranking", workload)
        if row["vetoed"] and row["option"] in fits
    )
    if not kinds:
        return ""
    kind, n = min(kinds.items(), key=lambda item: (-item[1], item[0]))
    return f"{kind}: {n:,} of {len(fits):,} options"
