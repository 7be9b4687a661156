"""Predicted metrics of workloads whose model answers token by token."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from acceltrial.predict.estimates import METHOD
from acceltrial.predict.operating import Ranged, Service, operate
from acceltrial.predict.parameters import Parameters
from stages.benchmark.predicted.rows import Block, Chosen, nowhere, power_blocks


def service_of(workload: Mapping[str, Any], profile: Mapping[str, Any]) -> Service:
    """The workload's requests and targets: the trace's profile first, the owner's declaration else."""
    rate = profile["rate_rps"] or 1.0
    return Service(
        input_mean=profile["input_tokens_mean"] or 1.0,
        input_high=profile["input_tokens_p95"] or profile["input_tokens_mean"] or 1.0,
        output_mean=profile["output_tokens_mean"] or 1.0,
        output_high=profile["output_tokens_p95"] or profile["output_tokens_mean"] or 1.0,
        rate_rps=rate,
        peak_rate_rps=max(profile["peak_rate_rps"] or rate, rate),
        arrival_cv=profile["interarrival_cv"] or 1.0,
        slo_ttft_ms=profile["slo_ttft_ms"] or workload["slo_ttft_ms"],
        slo_tpot_ms=profile["slo_tpot_ms"] or workload["slo_tpot_ms"],
        slo_e2e_ms=profile["slo_e2e_ms"] or workload["slo_e2e_ms"],
        input_top=profile.get("input_tokens_p99"),
        output_top=profile.get("output_tokens_p99"),
        percentile=workload["slo_percentile"],
    )


def token_blocks(
    workload: Mapping[str, Any], profile: Mapping[str, Any], chosen: Chosen, parameters: Parameters
) -> list[Block]:
    """Latencies at the workload's own rate and the capacity under its targets, for each option."""
    service = service_of(workload, profile)
    cases = chosen.cases(service.input_mean, service.output_mean)
    found = operate(cases, chosen.largest_batch, service, parameters)
    refusals = chosen.refusals
    limits = _limits(service)
    at_load = f"{parameters.source}; one replica at its share of {service.rate_rps:.3g} requests/s"
    at_most = f"{parameters.source}; one replica under {limits}"
    missed = [
        refusal or f"even one request at a time misses {limits} at the {judged_at(service)} percentile"
        for refusal in refusals
    ]

    def block(metric: str, statistic: str, unit: str, ranged: Ranged, *, top: bool = False) -> Block:
        source, why = (at_most, missed) if top else (at_load, refusals)
        return Block(metric, statistic, unit, nowhere(chosen, ranged), METHOD, source, why)

    blocks = [
        block("ttft_ms", "p50", "ms", found.ttft_p50_ms),
        block("ttft_ms", "p95", "ms", found.ttft_p95_ms),
        block("ttft_ms", "p99", "ms", found.ttft_p99_ms),
        block("tpot_ms", "p50", "ms", found.tpot_p50_ms),
        block("tpot_ms", "p95", "ms", found.tpot_p95_ms),
        block("tpot_ms", "p99", "ms", found.tpot_p95_ms.far()),
        block("itl_ms", "p50", "ms", found.tpot_p50_ms),
        block("itl_ms", "p95", "ms", found.tpot_p95_ms),
        block("e2e_ms", "p50", "ms", found.e2e_p50_ms),
        block("e2e_ms", "p95", "ms", found.e2e_p95_ms),
        block("e2e_ms", "p99", "ms", found.e2e_p99_ms),
        block("output_tokens_per_s", "mean", "tokens/s", found.tokens_per_s, top=True),
        block("capacity_rps", "max", "requests/s", found.capacity_rps, top=True),
    ]
    share = np.where(np.isfinite(found.load_share), found.load_share, 1.0)
    return blocks + power_blocks(chosen, share, found.replica_rate_rps)


def judged_at(service: Service) -> str:
    """The percentile at which targets are judged."""
    return "99th" if service.far else "95th"


def _limits(service: Service) -> str:
    limits = [
        f"{name} {value:g} ms"
        for name, value in (
            ("first token", service.slo_ttft_ms),
            ("each token", service.slo_tpot_ms),
            ("whole answer", service.slo_e2e_ms),
        )
        if value is not None
    ]
    return ", ".join(limits) or "no latency target"
