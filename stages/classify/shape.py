"""Traffic shape: always-on events, batch, bursty or steady."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from acceltrial.traces.statistics import TraceStats
from stages.classify.params import ClassifyParams
from stages.classify.ruling import Found, Ruling


def shape_ruling(
    workload: Mapping[str, Any], stats: TraceStats | None, recorded: bool, params: ClassifyParams
) -> Ruling:
    """The shape. Recorded traffic outweighs the declaration; generated traffic does not.

    Args:
        workload: row of Workloads.
        stats: of its trace, if it has one.
        recorded: whether the trace is a recording and not drawn from declared statistics.
        params: thresholds.
    """
    declared = workload["declared_shape"]
    found = observed_shape(workload, stats, params)
    if found is None:
        seen = 0 if stats is None else stats.rows
        return Ruling(
            "shape", declared, None, declared or "unknown",
            "shape.declared" if declared else "shape.unknown",
            f"{seen} requests in the trace, {params.min_requests} are needed to tell a shape",
        )  # fmt: skip
    own_facts = found.rule in {"shape.always-on-events", "shape.deadline"}
    if declared and declared != found.value and not recorded and not own_facts:
        return Ruling(
            "shape", declared, found.value, declared, "shape.declared-over-generated",
            f"{found.evidence}; the trace is generated from declared statistics, so the declaration counts",
            note="record the real traffic, or correct the statistics that the trace is generated from",
        )  # fmt: skip
    return Ruling("shape", declared, found.value, found.value, found.rule, found.evidence)


def observed_shape(
    workload: Mapping[str, Any], stats: TraceStats | None, params: ClassifyParams
) -> Found | None:
    """What the traffic and the workload's own facts show; None when there is too little traffic."""
    if stats is None or stats.rows < params.min_requests or not stats.rate_rps:
        return None
    interactive = any(workload[name] is not None for name in ("slo_ttft_ms", "slo_tpot_ms", "slo_e2e_ms"))
    if workload["always_on"] and workload["event_driven"] and not stats.output_tokens.n:
        silence = (stats.longest_silence_s or 0.0) * stats.rate_rps
        return Found(
            "always_on_events", "shape.always-on-events",
            f"events without generated tokens, {stats.rate_rps:.3g}/s, never silent for more than"
            f" {silence:.3g} mean gaps",
        )  # fmt: skip
    if workload["deadline_h"] is not None and (workload["kind"] == "batch" or not interactive):
        return Found(
            "batch", "shape.deadline",
            f"kind {workload['kind']} with a deadline of {workload['deadline_h']:g} h",
        )  # fmt: skip
    if stats.active_hours_share is not None and stats.active_hours_share <= params.batch_active_hours:
        return Found(
            "batch", "shape.active-hours",
            f"requests in {stats.active_hours_share:.0%} of the clock hours"
            f" (batch up to {params.batch_active_hours:.0%})",
        )  # fmt: skip
    return _burstiness(stats, params)


def _burstiness(stats: TraceStats, params: ClassifyParams) -> Found:
    variation = {
        window: value
        for window, value, idc, n in (
            (10, stats.rate_variation_10s, stats.idc_10s, stats.windows_10s),
            (60, stats.rate_variation_60s, stats.idc_60s, stats.windows_60s),
        )
        if value is not None and idc is not None and idc - 1 > 3 * math.sqrt(2 / n)
    }
    text = describe_burstiness(stats)
    strongest = max(variation, key=lambda window: variation[window], default=None)
    if strongest is not None and variation[strongest] >= params.bursty_rate_variation:
        return Found(
            "bursty", "shape.rate-variation",
            f"the rate varies by {variation[strongest]:.0%} between {strongest} s windows, beyond chance"
            f" (bursty from {params.bursty_rate_variation:.0%}); {text}",
        )  # fmt: skip
    if stats.gap_cv is not None and stats.gap_cv >= params.bursty_gap_cv:
        return Found(
            "bursty", "shape.gap-cv",
            f"gap CV {stats.gap_cv:.2f} (bursty from {params.bursty_gap_cv:g}); {text}",
        )  # fmt: skip
    return Found(
        "steady", "shape.steady",
        f"the rate varies by less than {params.bursty_rate_variation:.0%} between windows"
        f" and gap CV is below {params.bursty_gap_cv:g}; {text}",
    )  # fmt: skip


def describe_burstiness(stats: TraceStats) -> str:
    """Burstiness at all windows, the gap CV and the daily peak, in one line."""
    windows = {"1 s": stats.idc_1s, "10 s": stats.idc_10s, "60 s": stats.idc_60s}
    dispersion = ", ".join(f"{_or_dash(value)} at {window}" for window, value in windows.items())
    parts = [f"IDC {dispersion}", f"gap CV {_or_dash(stats.gap_cv)}"]
    if stats.hourly_peak_to_mean is not None:
        parts.append(f"busiest hour {stats.hourly_peak_to_mean:.2f} × the mean")
    return ", ".join(parts)


def _or_dash(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"
