from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from acceltrial.traces import TraceStats
from schemas.base import PRECISIONS, WORKLOAD_KINDS
from stages.classify.params import ClassifyParams
from stages.classify.profile import (
    batch_size,
    concurrency,
    concurrency_ruling,
    context_tokens,
    metrics,
    precisions,
    profile_row,
)

Make = Callable[..., dict[str, Any]]
P = ClassifyParams()


def test_littles_law_takes_the_end_to_end_target_first(workload: Make, steady: TraceStats) -> None:
    assert steady.rate_rps is not None
    found = concurrency(workload(slo_e2e_ms=4000.0), steady)
    assert found.mean == pytest.approx(4 * steady.rate_rps)
    assert found.peak is not None
    assert found.peak > found.mean
    assert "4000 ms" in found.basis
    assert concurrency_ruling(found).evidence == found.basis


def test_else_first_token_and_tokens_and_else_nothing(workload: Make, steady: TraceStats) -> None:
    assert steady.output_tokens.mean is not None
    found = concurrency(workload(), steady)
    assert found.latency_s == pytest.approx(0.5 + 0.05 * (steady.output_tokens.mean - 1))
    none = concurrency(workload(slo_ttft_ms=None, slo_tpot_ms=None), steady)
    assert (none.mean, none.peak) == (None, None)
    assert concurrency_ruling(none).decided == "unknown"
    assert concurrency(workload(slo_e2e_ms=1.0), None).mean is None


def test_the_row_follows_the_trace_and_leaves_the_unknown_empty(
    workload: Make, model: Make, steady: TraceStats
) -> None:
    row = profile_row(workload(), model(), steady, concurrency(workload(), steady), "customer_facing", P)
    assert row["input_tokens_p95"] == steady.input_tokens.p95
    assert row["idc_60s"] == steady.idc_60s
    empty = profile_row(workload(), model(), None, concurrency(workload(), None), "customer_facing", P)
    assert empty["requests_n"] == 0
    assert empty.get("rate_rps") is None
    assert empty["context_tokens"] is None


def test_context_is_declared_or_seen_within_the_window(
    workload: Make, model: Make, steady: TraceStats
) -> None:
    assert context_tokens(workload(context_tokens=4096), model(), steady) == 4096
    seen = context_tokens(workload(), model(), steady)
    assert seen is not None
    assert 900 < seen < 8192
    assert context_tokens(workload(), model(context_window=512), steady) == 512


def test_batch_sizes(workload: Make, steady: TraceStats) -> None:
    busy = concurrency(workload(slo_e2e_ms=4000.0), steady)
    assert batch_size(workload(), busy, P) == pytest.approx(8, abs=1)
    assert batch_size(workload(), replace(busy, mean=1e9), P) == P.max_batch_size
    assert batch_size(workload(phase="training", training_batch_size=24), busy, P) == 24
    idle = replace(busy, mean=None)
    assert batch_size(workload(), idle, P) == 1
    assert batch_size(workload(deadline_h=8.0), idle, P) == P.offline_batch_size
    assert batch_size(workload(kind="sensor"), busy, P) == 1


def test_precisions_are_known_and_widest_first(workload: Make, model: Make) -> None:
    assert precisions(workload(), model(), "customer_facing") == ["bf16", "fp8", "int8", "int4"]
    assert "int4" not in precisions(workload(), model(), "mission_critical")
    assert precisions(workload(phase="training"), model(), "exploratory") == ["bf16", "fp16"]
    assert precisions(workload(), model(family="spiking", native_precision="int8"), "exploratory") == ["int8"]
    assert set(precisions(workload(), model(family="classical", native_precision="fp32"), "x")) <= set(
        PRECISIONS
    )


@pytest.mark.parametrize("kind", WORKLOAD_KINDS)
def test_every_kind_has_metrics_and_unstreamed_ones_no_token_times(kind: str) -> None:
    assert metrics(kind, streaming=True)
    assert "ttft_ms" not in metrics(kind, streaming=False)
