"""A small portfolio in tables: two workloads to serve, one to train; two GPUs, a chip, a CPU target."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from acceltrial.storage.tables import write_table
from schemas import classification, evidence, inputs, mapping
from schemas.base import check_table, table_of
from stages.contract import Context, Inputs, Outputs
from stages.score.admission import Gate, rules_for
from stages.score.choice import Chooser
from stages.score.figures import Evidence
from stages.score.params import ScoreParams
from stages.score.stage import STAGE
from stages.score.world import build_world

NOW = datetime(2026, 11, 20, tzinfo=UTC)
SCHEMAS = {
    "workloads": inputs.Workloads, "models": inputs.Models, "accelerators": inputs.Accelerators,
    "prices": inputs.Prices, "targets": inputs.Targets, "classes": classification.Classes,
    "requirements": classification.Requirements, "profiles": classification.Profiles,
    "candidates": mapping.Candidates, "measurements": evidence.Measurements,
    "benchmark_cells": evidence.BenchmarkCells,
}  # fmt: skip
Rows = dict[str, list[dict[str, Any]]]


def workload(name: str, **over: Any) -> dict[str, Any]:
    base = {
        "workload": name, "title": name, "owner": "o", "kind": "chatbot", "phase": "inference",
        "business_action": "a", "action_value_usd": 0.5, "actions_per_month": 1_000_000.0,
        "requests_per_action": 2.0, "success_definition": "s", "success_rate_floor": 0.7,
        "streaming": False, "slo_e2e_ms": 2000.0, "slo_percentile": 95.0, "sensitivity": "internal",
        "residency": "eu", "always_on": False, "event_driven": False, "model": "m", "trace": "t",
    }  # fmt: skip
    return {**base, **over}


def measured(
    name: str, option: str, metric: str, statistic: str, value: float | None, **over: Any
) -> dict[str, Any]:
    base = {
        "workload": name, "option": option, "phase": "predicted", "metric": metric, "statistic": statistic,
        "value": value, "unit": "-", "n": 100, "low": None if value is None else value * 0.9,
        "high": None if value is None else value * 1.1, "interval_level": 0.95, "interval_method": "test",
        "grade": "predicted", "source": "roofline", "date": NOW, "model": "m", "precision": "bf16",
        "adjustments": "", "valid": True, "reason": "", "cell": f"{name}-{option}", "run": "r",
    }  # fmt: skip
    return {**base, **over}


def accelerator(name: str, family: str, klass: str, **over: Any) -> dict[str, Any]:
    base = {
        "accelerator": name, "vendor": "v", "name": name, "accelerator_class": klass, "family": family,
        "year": 2024, "memory_gb": 80.0, "tdp_w": 400.0, "runtimes": "PyTorch|vLLM|JAX|Own",
        "quantisation": "int8|fp8", "availability": "cloudy c1",
    }  # fmt: skip
    return {**base, **over}


def price(name: str, device: str, usd: float, **over: Any) -> dict[str, Any]:
    base = {
        "price": name, "accelerator": device, "provider": "cloudy", "region": "eu-1", "residency": "eu",
        "environment": "public_cloud", "accelerators_per_instance": 1.0, "model": "on_demand",
        "usd_per_accelerator_hour": usd, "grade": "published", "source": "list", "as_of": "2026-10-01",
        "confidence": "vendor_doc",
    }  # fmt: skip
    return {**base, **over}


def candidate(name: str, option: str, device: str | None, klass: str, **over: Any) -> dict[str, Any]:
    base = {
        "workload": name, "option": option, "option_kind": "catalogue", "accelerator": device,
        "accelerator_class": klass, "count": 1, "precision": "bf16", "feasible": True,
        "binding_constraint": "memory", "margin": 0.5, "memory_required_gb": 20.0,
        "memory_available_gb": 40.0, "max_batch": 8, "reason": "",
    }  # fmt: skip
    return {**base, **over}


def target(name: str, **over: Any) -> dict[str, Any]:
    base = {
        "target": name, "kind": "llamacpp", "title": name, "device": "local-cpu", "accelerator": None,
        "model": "m", "precision": "int4", "api": "completions", "environment": "local", "region": "here",
        "residency": "eu", "price_usd_hr": 0.1, "price_source": "declared", "price_as_of": "2026-06",
        "price_grade": "declared", "enabled": True, "launch": "{}",
    }  # fmt: skip
    return {**base, **over}


def served(name: str, option: str, capacity: float, latency: float, **over: Any) -> list[dict[str, Any]]:
    return [
        measured(name, option, "capacity_rps", "max", capacity, **over),
        measured(name, option, "e2e_ms", "p95", latency, **over),
    ]


@pytest.fixture
def rows() -> Rows:
    """The rows of every table; a test changes what it is about."""
    names = ("chat", "lab")
    real = {"grade": "measured", "phase": "replay", "precision": "int4"}
    return {
        "workloads": [
            workload("chat"),
            workload("lab", kind="sandbox", residency="any", declared_criticality="exploratory"),
            workload(
                "tune", kind="training", phase="training", slo_e2e_ms=None, deadline_h=10.0,
                requests_per_action=1.0, actions_per_month=4.0, action_value_usd=500.0,
                training_steps_per_run=1000.0, declared_criticality="exploratory",
            ),
        ],
        "models": [],
        "accelerators": [
            accelerator("gpu-a", "a", "gpu"),
            accelerator("gpu-b", "b", "gpu", year=2022),
            accelerator("chip", "c", "inference_asic", runtimes="Own"),
        ],
        "prices": [
            price("a-eu", "gpu-a", 2.0), price("a-us", "gpu-a", 1.5, residency="us", region="us-1"),
            price("a-spot", "gpu-a", 0.8, model="spot"), price("b-eu", "gpu-b", 1.2, provider="other"),
        ],
        "targets": [target("local-q4")],
        "classes": [
            {"workload": "chat", "criticality": "customer_facing", "phase": "inference",
             "family": "dense_llm", "shape": "steady", "stability": "stable",
             "biggest_cost": "", "biggest_pain": ""},
        ],
        "requirements": [],
        "profiles": [],
        "candidates": [
            row
            for name in names
            for row in (
                candidate(name, "gpu-a-x1-bf16", "gpu-a", "gpu"),
                candidate(name, "gpu-b-x1-bf16", "gpu-b", "gpu"),
                candidate(name, "chip-x1-int8", "chip", "inference_asic", precision="int8"),
                candidate(name, "tiny-x1-bf16", "gpu-b", "gpu", feasible=False, margin=-0.4, reason="big"),
                candidate(name, "local-q4", None, "cpu", option_kind="target", precision="int4"),
            )
        ] + [candidate("tune", "gpu-a-x1-bf16", "gpu-a", "gpu")],
        "measurements": [
            row
            for name in names
            for row in (
                *served(name, "gpu-a-x1-bf16", 40.0, 300.0), *served(name, "gpu-b-x1-bf16", 20.0, 700.0),
                *served(name, "chip-x1-int8", 60.0, 200.0), *served(name, "local-q4", 2.0, 900.0, **real),
                measured(name, "local-q4", "success_rate", "rate", 0.8, **real),
                measured(name, "local-q4", "failure_rate", "rate", 0.01, **real),
                measured(name, "local-q4", "slo_attainment", "rate", 0.9, **real),
            )
        ] + [measured("tune", "gpu-a-x1-bf16", "step_time_s", "p50", 2.0)],
        "benchmark_cells": [],
    }  # fmt: skip


@pytest.fixture
def build() -> Callable[[Rows], dict[str, pl.DataFrame]]:
    """Checked tables from rows."""

    def tables(given: Rows) -> dict[str, pl.DataFrame]:
        return {n: check_table(SCHEMAS[n], table_of(SCHEMAS[n], given[n]), n) for n in SCHEMAS}

    return tables


@pytest.fixture
def score(
    tmp_path: Path, make_context: Callable[..., Context], build: Callable[[Rows], dict[str, pl.DataFrame]]
) -> Callable[..., Outputs]:
    """Runs the stage on rows and checks what it writes."""

    def run(given: Rows, **params: Any) -> Outputs:
        frames = build(given)
        (tmp_path / "data" / "portfolio").mkdir(parents=True, exist_ok=True)
        for artifact in STAGE.inputs:
            if artifact.name in frames:
                path = tmp_path / artifact.path
                path.parent.mkdir(parents=True, exist_ok=True)
                write_table(path, frames[artifact.name])
        settings = {"measurement_draws": 40, "weight_draws": 20, **params}
        assert STAGE.run is not None
        out = STAGE.run(Inputs(tmp_path, STAGE.inputs), ScoreParams(**settings), make_context(tmp_path))
        for artifact in STAGE.outputs:
            check_table(artifact.schema, out[artifact.name], artifact.name)  # type: ignore[union-attr, arg-type]
        return out

    return run


@pytest.fixture
def chooser(build: Callable[[Rows], dict[str, pl.DataFrame]]) -> Callable[..., Chooser]:
    """A chooser over rows, with parameters."""

    def made(given: Rows, **params: Any) -> Chooser:
        tables = build(given)
        world = build_world(tables)
        options = [(name, option.id) for name, found in world.options.items() for option in found]
        owner = {row["option"]: row["accelerator"] for row in given["candidates"]}
        known = Evidence(
            tables["measurements"], {w.id: w.row["model"] for w in world.workloads}, owner, options
        )
        settings = ScoreParams(**{"measurement_draws": 40, "weight_draws": 20, **params})
        return Chooser(world, known, Gate(rules_for(Path("nowhere"))), settings, date(2026, 11, 20))

    return made
