"""The benchmark against real engines on this machine."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from acceltrial.targets import TargetSpec, serve
from acceltrial.targets.http import post_json
from acceltrial.targets.torch_training import KIND, TrainingPlan
from schemas.base import check_table
from stages.benchmark.params import QUICK, BenchmarkParams
from stages.benchmark.stage import STAGE
from stages.contract import Cell, Context
from tests.stages.benchmark.conftest import Workspace, profile, requests, target, workload

pytestmark = pytest.mark.live


@pytest.fixture(scope="session")
def cache(checkout: Path) -> Path:
    """The checkout's own cache, so that weights are assembled and converted once for all runs."""
    folder = checkout / ".acceltrial" / "cache"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def run_cell(workspace: Workspace, tmp_path: Path, cache: Path, key: str) -> tuple[Cell, Path, pl.DataFrame]:
    params = BenchmarkParams(**{**QUICK, "request_timeout_s": 60.0})
    grid, inputs = STAGE.grid, workspace.inputs()
    assert grid is not None
    cell = next(cell for cell in grid.split(inputs, params) if cell.key == key)
    scratch = tmp_path / "cell"
    scratch.mkdir()
    context = Context(workspace.root, scratch, cache, datetime(2026, 11, 22, tzinfo=UTC), "live")
    grid.run_cell(cell, inputs, params, context)
    outputs = grid.join([cell], {cell.key: scratch}, inputs, params, context)
    for artifact in STAGE.outputs:
        check_table(artifact.schema, outputs[artifact.name], artifact.name)  # type: ignore[union-attr, arg-type]
    rows = outputs["measurements"]
    assert isinstance(rows, pl.DataFrame)
    return cell, scratch, rows


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "workspace")


def local(name: str, kind: str, **values: Any) -> dict[str, Any]:
    return target(name, kind=kind, device="local-cpu", environment="local", launch="{}", **values)


def figure(rows: pl.DataFrame, metric: str, statistic: str = "p50", phase: str = "replay") -> Any:
    found = rows.filter(
        (pl.col("metric") == metric) & (pl.col("statistic") == statistic) & (pl.col("phase") == phase)
    )
    return found["value"][0]


def test_llama_cpp_is_measured(workspace: Workspace, tmp_path: Path, cache: Path) -> None:
    pytest.importorskip("xllamacpp")
    workspace.tables["targets"] = [local("llama", "llamacpp", precision="int4")]
    _, scratch, rows = run_cell(workspace, tmp_path, cache, "triage@llama")
    assert figure(rows, "ttft_ms") > 0
    assert figure(rows, "prefill_ms", phase="stack") > 0
    assert figure(rows, "peak_memory_mb", "max") > 100
    assert figure(rows, "model_load_s", phase="stack") > 0
    assert figure(rows, "failure_rate", "rate") == 0
    assert figure(rows, "success_rate", "rate") is None or figure(rows, "success_rate", "rate") > 0.5
    assert json.loads((scratch / "facts.json").read_text())["load"]["profile"]["input_tokens_mean"] > 20


@pytest.mark.slow
def test_torch_embeddings_are_measured_with_their_relevance(
    workspace: Workspace, tmp_path: Path, cache: Path
) -> None:
    pytest.importorskip("torch")
    workspace.tables |= {
        "workloads": [workload("search", kind="embedding", model="all-minilm-l6-v2", streaming=False)],
        "profiles": [profile("search", kind="embedding", api="embeddings")],
        "requests": requests("search"),
        "targets": [
            local("mini", "torch_embeddings", model="all-minilm-l6-v2", api="embeddings", precision="fp32")
        ],
    }
    _, _, rows = run_cell(workspace, tmp_path, cache, "search@mini")
    assert figure(rows, "e2e_ms") > 0
    assert figure(rows, "ttft_ms") is None
    assert figure(rows, "success_rate", "rate") > 0.7


@pytest.mark.slow
def test_transformers_serve_gives_answers_as_long_as_asked(tmp_path: Path, cache: Path) -> None:
    pytest.importorskip("torch")
    spec = TargetSpec("torch", "transformers_serve", "t", "local-cpu", "gemma-3-270m", "bf16", "completions")
    with serve(spec, workdir=tmp_path, cache=cache) as server:
        assert server.startup.process_start_s
        assert server.startup.model_load_s
        body = {"model": server.model_name, "prompt": "The pump", "max_tokens": 9, "temperature": 0}
        answer = post_json(
            f"{server.base_url}/completions", {**body, **server.exact_length_fields}, connect_s=2, total_s=120
        )
        assert answer.status == 200, answer.body
        assert answer.json()["usage"]["completion_tokens"] == 9


@pytest.mark.slow
def test_training_steps_are_counted_and_saved(tmp_path: Path, cache: Path) -> None:
    pytest.importorskip("torch")
    spec = TargetSpec("train", "torch_training", "t", "local-cpu", "gemma-3-270m", "fp32", "training")
    plan = TrainingPlan(steps=2, batch_size=1, sequence_tokens=16, seed=1, budget_s=5)
    found = KIND.train(spec, plan, workdir=tmp_path, cache=cache)
    assert found.problem == ""
    assert len(found.steps_s) == 2
    assert found.flops_per_step
    # Forward and backward of a model with its output layer: at least 6 operations a weight and token.
    assert found.flops_per_step > 4 * 268e6 * 16 * 0.9
    assert found.checkpoint_bytes
    assert found.checkpoint_bytes > 2e9
    assert not list(tmp_path.glob("checkpoint*"))
