"""A workspace with the committed catalogue and four small workloads."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from acceltrial.catalog import load_catalogue
from acceltrial.storage.tables import write_table
from schemas.base import check_table, table_of
from schemas.classification import Classes, Profiles
from schemas.inputs import Models, OperatorCoverage, Targets, Workloads
from stages import artifacts
from stages.contract import Context, Inputs
from stages.map_hardware.stage import STAGE

WORKLOAD = {
    "title": "t", "owner": "o", "phase": "inference", "business_action": "a", "actions_per_month": 1000.0,
    "requests_per_action": 1.0, "success_definition": "s", "streaming": True, "slo_percentile": 95.0,
    "sensitivity": "internal", "residency": "any", "always_on": False, "event_driven": False, "trace": "t",
}  # fmt: skip
MODEL = {"native_precision": "bf16", "source": "s", "as_of": "2026", "confidence": "declared"}
PROFILE = {
    "streaming": True, "requests_n": 100, "span_s": 600.0, "rate_rps": 1.0, "peak_rate_rps": 3.0,
    "interarrival_cv": 1.2, "batch_size": 1, "precisions": "bf16|fp8|int8|int4", "metrics": "ttft_ms",
    "slo_percentile": 95.0, "concurrency_mean": 4.0,
}  # fmt: skip
TARGET = {
    "kind": "openai", "title": "t", "device": "local-cpu", "model": "chat-8b", "precision": "bf16",
    "api": "completions", "environment": "local", "region": "here", "residency": "eu", "enabled": True,
    "launch": "{}",
}  # fmt: skip


COVERAGE = {
    "backend": "compiler n", "families": "aws-neuroncore-v2|aws-neuroncore-v3", "state": "unknown",
    "operators": 10, "listed": 6, "through_models": 0, "unknown": "aten::a aten::b aten::c aten::d",
    "unsupported": "", "dynamic_shapes": True, "graph_breaks": 0, "problem": "", "basis": "its own weights",
    "source": "s", "as_of": "2026-11-22",
}  # fmt: skip


def sample() -> dict[str, list[dict[str, Any]]]:
    """Rows of the input tables: chat, embedding, training, pump."""
    return {
        "workloads": [
            {**WORKLOAD, "workload": "chat", "kind": "chatbot", "model": "chat-8b", "slo_ttft_ms": 800.0,
             "slo_tpot_ms": 50.0, "context_tokens": 8192},
            {**WORKLOAD, "workload": "search", "kind": "embedding", "model": "encoder", "slo_e2e_ms": 150.0},
            {**WORKLOAD, "workload": "tuning", "kind": "training", "phase": "training", "model": "chat-8b",
             "deadline_h": 12.0, "training_steps_per_run": 1000.0, "training_batch_size": 8,
             "training_sequence_tokens": 512},
            {**WORKLOAD, "workload": "pump", "kind": "sensor", "model": "snn", "slo_e2e_ms": 100.0,
             "power_budget_w": 0.05, "always_on": True, "event_driven": True},
        ],
        "models": [
            {**MODEL, "model": "chat-8b", "family": "dense_llm", "params_b": 8.03, "active_params_b": 8.03,
             "layers": 32, "hidden_size": 4096, "heads": 32, "kv_heads": 8, "head_dim": 128,
             "ffn_size": 14336, "vocabulary": 128256, "context_window": 131072},
            {**MODEL, "model": "encoder", "family": "embedding", "params_b": 0.0227,
             "active_params_b": 0.0227, "layers": 6, "hidden_size": 384, "heads": 12, "kv_heads": 12,
             "head_dim": 32, "ffn_size": 1536, "vocabulary": 30522, "context_window": 512},
            {**MODEL, "model": "snn", "family": "spiking", "params_b": 0.000084,
             "active_params_b": 0.000084, "flops_per_inference": 2.65e6, "synops_per_inference": 1.3e5,
             "native_precision": "int8"},
        ],
        "profiles": [
            {**PROFILE, "workload": "chat", "kind": "chatbot", "api": "chat", "input_tokens_mean": 1000.0,
             "input_tokens_p95": 3000.0, "output_tokens_mean": 200.0, "output_tokens_p95": 500.0,
             "context_tokens": 8192, "slo_ttft_ms": 800.0, "slo_tpot_ms": 50.0},
            {**PROFILE, "workload": "search", "kind": "embedding", "api": "embeddings", "batch_size": 8,
             "input_tokens_mean": 40.0, "input_tokens_p95": 120.0, "output_tokens_mean": 0.0},
            {**PROFILE, "workload": "tuning", "kind": "training", "api": "training",
             "precisions": "bf16|int8"},
            {**PROFILE, "workload": "pump", "kind": "sensor", "api": "events"},
        ],
        "classes": [
            {"workload": name, "criticality": "exploratory", "phase": phase, "family": "f",
             "shape": "steady", "stability": stability, "biggest_cost": "c", "biggest_pain": "p"}
            for name, phase, stability in (
                ("chat", "inference", "changing"), ("search", "inference", "frozen"),
                ("tuning", "training", "changing"), ("pump", "inference", "frozen"))
        ],
        "targets": [
            {**TARGET, "target": "local-chat"},
            {**TARGET, "target": "other-model", "model": "encoder", "api": "embeddings", "enabled": False},
        ],
        "operator_coverage": [
            {**COVERAGE, "model": "encoder"},
            {**COVERAGE, "model": "chat-8b", "state": "documented", "listed": 10, "unknown": ""},
            {**COVERAGE, "model": "chat-8b", "backend": "compiler c", "families": "qualcomm-ai100",
             "state": "unsupported", "unsupported": "aten::sort"},
        ],
    }  # fmt: skip


def workspace(root: Path, catalogue: Path, rows: dict[str, list[dict[str, Any]]]) -> Inputs:
    """Writes the tables below `root` and opens them as the stage's inputs."""
    loaded = load_catalogue(catalogue)
    schemas: dict[str, Any] = {
        "workloads": Workloads, "models": Models, "profiles": Profiles, "classes": Classes,
        "targets": Targets, "operator_coverage": OperatorCoverage,
    }  # fmt: skip
    frames = {name: table_of(schema, rows[name]) for name, schema in schemas.items()}
    frames |= {"accelerators": loaded.accelerators, "prices": loaded.prices}
    for artifact in (*STAGE.inputs, artifacts.PRICES):
        frame = check_table(artifact.schema, frames[artifact.name], artifact.name)
        write_table(root / artifact.path, frame)
    return Inputs(root, STAGE.inputs)


def context_in(root: Path) -> Context:
    """A context that keeps all below `root`, with a fixed date."""
    for name in ("scratch", "cache"):
        (root / name).mkdir(exist_ok=True)
    now = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
    return Context(root=root, scratch=root / "scratch", cache=root / "cache", now=now, run="test-run")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mapping")


@pytest.fixture(scope="module")
def inputs(root: Path, checkout: Path) -> Inputs:
    return workspace(root, checkout / "data" / "catalogue", sample())
