"""Rows of workloads, models and traffic for the rules under test."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from acceltrial.traces import TraceStats, generate, generator_spec, trace_stats

_WORKLOAD: dict[str, Any] = {
    "workload": "chat", "title": "Chat", "owner": "Team", "kind": "chatbot", "phase": "inference",
    "business_action": "answered", "action_value_usd": 0.5, "actions_per_month": 100_000.0,
    "requests_per_action": 2.0, "success_definition": "solved", "success_rate_floor": 0.8,
    "declared_criticality": None, "declared_shape": None, "declared_stability": None,
    "model_changes_per_year": None, "declared_biggest_cost": None, "declared_biggest_pain": None,
    "streaming": True, "slo_ttft_ms": 500.0, "slo_tpot_ms": 50.0, "slo_e2e_ms": None, "slo_percentile": 95.0,
    "deadline_h": None, "sensitivity": "internal", "residency": "any", "always_on": False,
    "event_driven": False, "power_budget_w": None, "context_tokens": None, "model": "m", "trace": "t",
    "training_steps_per_run": None, "training_batch_size": None, "training_sequence_tokens": None,
}  # fmt: skip
_MODEL: dict[str, Any] = {
    "model": "m", "family": "dense_llm", "params_b": 8.0, "active_params_b": 8.0, "layers": 32,
    "hidden_size": 4096, "heads": 32, "kv_heads": 8, "head_dim": 128, "ffn_size": 14336,
    "vocabulary": 128_000,
    "context_window": 8192, "sliding_window": None, "experts": None, "active_experts": None,
    "kv_bytes_per_token": None, "flops_per_inference": None, "synops_per_inference": None,
    "native_precision": "bf16", "source": "vendor", "as_of": "2026-01", "confidence": "vendor_doc",
}  # fmt: skip


@pytest.fixture
def workload() -> Callable[..., dict[str, Any]]:
    """A row of Workloads with the given columns changed."""
    return lambda **changes: {**_WORKLOAD, **changes}


@pytest.fixture
def model() -> Callable[..., dict[str, Any]]:
    """A row of Models with the given columns changed."""
    return lambda **changes: {**_MODEL, **changes}


@pytest.fixture(scope="session")
def steady() -> TraceStats:
    """A Poisson stream with lengths, 2 requests/s for half an hour."""
    lengths = {
        "input_tokens": {"quantiles": {0.5: 300, 0.95: 900}},
        "output_tokens": {"quantiles": {0.5: 100, 0.95: 300}},
    }
    spec = generator_spec({"preset": "poisson", "rate_rps": 2, "duration_s": 1800, **lengths})
    return trace_stats([generate(spec, 1)])


@pytest.fixture(scope="session")
def bursty() -> TraceStats:
    """Traffic like the published code service."""
    return trace_stats([generate(generator_spec({"preset": "azure_code"}), 1)])
