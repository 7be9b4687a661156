"""The benchmark that a workload's own traffic defines."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from acceltrial.traces.statistics import TraceStats, littles_law
from schemas.base import PRECISIONS
from stages.classify.params import ClassifyParams
from stages.classify.ruling import Ruling

_API: Final = {
    "chatbot": "chat", "agent": "chat", "multimodal": "chat", "copilot": "completions",
    "batch": "completions", "sandbox": "completions", "embedding": "embeddings", "reranker": "rerank",
    "scoring": "events", "sensor": "events", "training": "training",
}  # fmt: skip
_LATENCIES: Final = ("e2e_ms", "e2e_from_intended_ms", "failure_rate", "slo_attainment", "capacity_rps")
_STREAMED: Final = (
    "ttft_ms",
    "ttft_from_intended_ms",
    "itl_ms",
    "tpot_ms",
    *_LATENCIES,
    "output_tokens_per_s",
)
_METRICS: Final[dict[str, tuple[str, ...]]] = {
    "chatbot": (*_STREAMED, "success_rate", "peak_memory_mb"),
    "copilot": (*_STREAMED, "success_rate"),
    "agent": (*_STREAMED, "success_rate", "peak_memory_mb"),
    "multimodal": (*_STREAMED, "success_rate", "peak_memory_mb"),
    "batch": ("output_tokens_per_s", "requests_per_s", "failure_rate", "success_rate", "e2e_ms",
              "peak_memory_mb"),
    "sandbox": ("ttft_ms", "output_tokens_per_s", "model_load_s", "process_start_s", "failure_rate"),
    "embedding": (*_LATENCIES, "requests_per_s", "success_rate", "peak_memory_mb"),
    "reranker": (*_LATENCIES, "requests_per_s", "success_rate"),
    "scoring": (*_LATENCIES, "requests_per_s", "success_rate"),
    "sensor": ("e2e_ms", "energy_j_per_request", "power_w", "failure_rate", "success_rate"),
    "training": ("step_time_s", "training_tokens_per_s", "mfu", "compile_time_s", "checkpoint_time_s",
                 "peak_memory_mb", "final_loss"),
}  # fmt: skip
_UNSTREAMED: Final = frozenset({"ttft_ms", "ttft_from_intended_ms", "itl_ms", "tpot_ms"})


@dataclass(frozen=True, slots=True)
class Concurrency:
    """Requests in the system by Little's law, and which latency that took.

    Both figures hold when the latency target is just met: a faster service has fewer requests in flight.
    """

    mean: float | None
    peak: float | None
    latency_s: float | None
    basis: str


def concurrency(workload: Mapping[str, Any], stats: TraceStats | None) -> Concurrency:
    """Mean and peak concurrency under the workload's own latency target."""
    latency_s, basis = _latency_allowed(workload, stats)
    rate = stats.rate_rps if stats else None
    peak = stats.peak_rate_rps if stats else None
    if rate is None:
        basis = "no rate is known, so no concurrency"
    return Concurrency(littles_law(rate, latency_s), littles_law(peak or rate, latency_s), latency_s, basis)


def profile_row(
    workload: Mapping[str, Any],
    model: Mapping[str, Any],
    stats: TraceStats | None,
    busy: Concurrency,
    criticality: str,
    params: ClassifyParams,
) -> dict[str, Any]:
    """The row of Profiles. What the trace does not say stays empty."""
    kind = str(workload["kind"])
    row: dict[str, Any] = {
        "workload": workload["workload"],
        "kind": kind,
        "api": "training" if workload["phase"] == "training" else _API[kind],
        "streaming": bool(workload["streaming"]),
        "context_tokens": context_tokens(workload, model, stats),
        "concurrency_mean": busy.mean,
        "concurrency_peak": busy.peak,
        "batch_size": batch_size(workload, busy, params),
        "precisions": "|".join(precisions(workload, model, criticality)),
        "metrics": "|".join(metrics(kind, streaming=bool(workload["streaming"]))),
        "requests_n": stats.rows if stats else 0,
        "span_s": stats.span_s if stats else 0.0,
    }
    for name in ("slo_ttft_ms", "slo_tpot_ms", "slo_e2e_ms", "slo_percentile"):
        row[name] = workload[name]
    return row | (_traffic(stats) if stats else {})


def concurrency_ruling(busy: Concurrency) -> Ruling:
    """The evidence row that says which latency Little's law was fed with."""
    decided = "unknown" if busy.mean is None else f"{busy.mean:.3g} mean, {busy.peak:.3g} peak"
    observed = None if busy.mean is None else decided
    return Ruling("concurrency", None, observed, decided, "concurrency.littles-law", busy.basis)


def context_tokens(
    workload: Mapping[str, Any], model: Mapping[str, Any], stats: TraceStats | None
) -> int | None:
    """The declared context, else the 99th percentiles of prompt and answer together, within the window."""
    if workload["context_tokens"] is not None:
        return int(workload["context_tokens"])
    if stats is None or not stats.input_tokens.p99:
        return None
    seen = math.ceil(stats.input_tokens.p99 + (stats.output_tokens.p99 or 0.0))
    return min(seen, model["context_window"]) if model["context_window"] is not None else seen


def batch_size(workload: Mapping[str, Any], busy: Concurrency, params: ClassifyParams) -> int:
    """The training batch; for online work the mean concurrency; without a latency target the parameter's."""
    if workload["phase"] == "training":
        return int(workload["training_batch_size"] or params.offline_batch_size)
    if workload["kind"] == "sensor" or workload["event_driven"]:
        return 1
    if busy.mean is None:
        return params.offline_batch_size if workload["deadline_h"] is not None else 1
    return max(1, min(params.max_batch_size, math.ceil(busy.mean)))


def precisions(workload: Mapping[str, Any], model: Mapping[str, Any], criticality: str) -> list[str]:
    """Modes to consider, widest first: the native one and what quantisation may offer the workload."""
    native, family = str(model["native_precision"]), str(model["family"])
    if workload["phase"] == "training":
        wanted = {"bf16", "fp16"} | ({native} if native in {"fp32", "tf32"} else set())
    elif family in {"dense_llm", "moe_llm", "multimodal"}:
        wanted = {native, "fp8", "int8"} | ({"int4"} if criticality != "mission_critical" else set())
    elif family == "spiking":
        wanted = {native}
    else:
        wanted = {native, "bf16", "int8"}
    return [name for name in PRECISIONS if name in wanted]


def metrics(kind: str, *, streaming: bool) -> list[str]:
    """The metrics that matter for the kind; those of single tokens only where answers are streamed."""
    return [name for name in _METRICS[kind] if streaming or name not in _UNSTREAMED]


def _latency_allowed(workload: Mapping[str, Any], stats: TraceStats | None) -> tuple[float | None, str]:
    whole, ttft, tpot = workload["slo_e2e_ms"], workload["slo_ttft_ms"], workload["slo_tpot_ms"]
    if whole is not None:
        return whole / 1e3, f"rate × the end-to-end target of {whole:g} ms"
    output = stats.output_tokens.mean if stats else None
    if ttft is not None and tpot is not None and output is not None:
        total = ttft + tpot * max(output - 1, 0)
        return total / 1e3, (
            f"rate × {total:.0f} ms: first token in {ttft:g} ms, then {output:.0f} output tokens (mean)"
            f" at {tpot:g} ms"
        )
    if ttft is not None and not workload["streaming"]:
        return ttft / 1e3, f"rate × the first-token target of {ttft:g} ms (answers are not streamed)"
    return None, "no latency target from which Little's law could take a time in the system"


def _traffic(stats: TraceStats) -> dict[str, Any]:
    row: dict[str, Any] = {
        "rate_rps": stats.rate_rps,
        "peak_rate_rps": stats.peak_rate_rps,
        "interarrival_cv": stats.gap_cv,
        "idc_1s": stats.idc_1s,
        "idc_10s": stats.idc_10s,
        "idc_60s": stats.idc_60s,
    }
    for side, lengths in (("input_tokens", stats.input_tokens), ("output_tokens", stats.output_tokens)):
        row |= {f"{side}_{name}": getattr(lengths, name) for name in ("mean", "p50", "p95", "p99")}
    return row
