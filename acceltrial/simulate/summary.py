"""What a simulation says, as figures ready for JSON: milliseconds, tokens, shares from 0 to 1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from acceltrial.simulate.simulation import Simulation
from acceltrial.simulate.state import (
    BIN_GROWTH,
    DONE,
    FIRST_BIN_S,
    GENERATED,
    HIT,
    PREEMPTIONS,
    PREFILLED,
    REJECTED,
    RETRIES,
    WASTED,
    Array,
)

QUANTILES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}


@dataclass(frozen=True, slots=True)
class Targets:
    """Milliseconds that a good answer may take at most; None: no target."""

    ttft_ms: float | None = None
    itl_ms: float | None = None
    e2e_ms: float | None = None


def summarise(simulation: Simulation, targets: Targets) -> dict[str, Any]:
    """Percentiles, goodput, use of time and memory. A figure that there is not is None."""
    requests, rep, counts = simulation.requests, simulation.replicas.rep, simulation.replicas.counts
    done = requests["status"] == DONE
    span, up = simulation.span_s, simulation.up_s
    tokens = int(counts[GENERATED] - counts[WASTED])
    good = int((done & _good(requests, targets)).sum())
    read = int(counts[PREFILLED] + counts[HIT])
    held = float(rep["busy"].sum())
    return {
        "requests": len(requests),
        "completed": int(done.sum()),
        "rejected": int((requests["status"] == REJECTED).sum()),
        "span_s": span,
        "ttft_ms": quantiles(requests["ttft"][done]),
        "e2e_ms": quantiles(requests["e2e"][done]),
        "itl_ms": _pooled(simulation.replicas.pooled),
        "request_itl_p50_ms": quantiles(requests["itl_p50"][done]),
        "request_itl_p95_ms": quantiles(requests["itl_p95"][done]),
        "request_itl_p99_ms": quantiles(requests["itl_p99"][done]),
        "requests_per_s": _over(int(done.sum()), span),
        "output_tokens_per_s": _over(tokens, span),
        "goodput_rps": _over(good, span),
        "slo_attainment": _over(good, len(requests)),
        "utilisation": _over(held, up),
        "mean_batch": _over(float(rep["batch_area"].sum()), held),
        "kv_used_mean": _over(float(rep["kv_area"].sum()), held),
        "kv_used_peak": float(rep["kv_peak"].max()),
        "preemptions": int(counts[PREEMPTIONS]),
        "retries_after_failure": int(counts[RETRIES]),
        "prefix_hit_share": _over(int(counts[HIT]), read),
        "replica_hours": up / 3600.0,
        "simulated_requests_per_s": _over(len(requests), simulation.wall_s),
    }


def quantiles(seconds: Array) -> dict[str, float | None]:
    """Mean and percentiles in milliseconds of the known values (linear between neighbours)."""
    known = seconds[np.isfinite(seconds)]
    if not len(known):
        return dict.fromkeys(("mean", *QUANTILES))
    found = np.quantile(known, list(QUANTILES.values())) * 1e3
    mean = float(known.mean(dtype=np.float64)) * 1e3
    return {"mean": mean, **dict(zip(QUANTILES, found.tolist(), strict=True))}


def _pooled(counts: Array) -> dict[str, float | None]:
    """Mean and percentiles of all gaps, in milliseconds: the middle of the bin, true to 3.5 %."""
    total = int(counts.sum())
    if not total:
        return dict.fromkeys(("mean", *QUANTILES))
    middles = FIRST_BIN_S * 1e3 * BIN_GROWTH ** (np.arange(len(counts)) + 0.5)
    reached = np.cumsum(counts)
    found = {
        name: float(middles[np.searchsorted(reached, share * total)]) for name, share in QUANTILES.items()
    }
    return {"mean": float((counts * middles).sum() / total), **found}


def _good(requests: Array, targets: Targets) -> Array:
    good = np.ones(len(requests), dtype=bool)
    for name, limit in (("ttft", targets.ttft_ms), ("itl_p95", targets.itl_ms), ("e2e", targets.e2e_ms)):
        if limit is not None:
            # A request of one token has no gap that could be too long.
            good &= np.nan_to_num(requests[name], nan=0.0) * 1e3 <= limit
    return good


def _over(part: float, whole: float) -> float | None:
    return part / whole if whole > 0 else None
