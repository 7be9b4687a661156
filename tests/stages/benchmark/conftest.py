"""A small workspace whose targets are real servers with known behaviour."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from acceltrial.storage.tables import write_table
from schemas.base import Table, empty, polars_schema, table_of
from schemas.classification import Profiles
from schemas.inputs import Models, Requests, Targets, TraceSources, Workloads
from stages.benchmark.stage import STAGE
from stages.contract import Context, Inputs, TableFile

Rows = list[dict[str, Any]]


def filled(model: type[Table], /, **values: Any) -> dict[str, Any]:
    """A row of `model` with plain values where none are given."""
    plain: dict[Any, Any] = {pl.String: "x", pl.Float64: 1.0, pl.Int64: 1, pl.Int32: 1, pl.Boolean: True}
    nullable = {name for name, column in model.to_schema().columns.items() if column.nullable}
    return {
        name: values.get(name, None if name in nullable else plain.get(dtype, "x"))
        for name, dtype in polars_schema(model).items()
    }


def workload(name: str = "triage", **values: Any) -> dict[str, Any]:
    return filled(
        Workloads,
        **{
            "workload": name, "kind": "copilot", "phase": "inference", "sensitivity": "internal",
            "residency": "any", "model": "gemma-3-270m", "trace": name, "slo_percentile": 95.0,
            "streaming": True, "slo_ttft_ms": 500.0, "slo_e2e_ms": 5000.0, **values,
        },
    )  # fmt: skip


def target(name: str, url: str = "", **values: Any) -> dict[str, Any]:
    launch = f'{{"url": "{url}", "served_model": "m"}}' if url else "{}"
    return filled(
        Targets,
        **{
            "target": name, "kind": "openai", "device": "there", "model": "gemma-3-270m", "precision": "bf16",
            "api": "completions", "environment": "private", "residency": "eu", "launch": launch, **values,
        },
    )  # fmt: skip


def gemma() -> dict[str, Any]:
    return filled(
        Models,
        model="gemma-3-270m", family="dense_llm", params_b=0.268, active_params_b=0.268, layers=18,
        hidden_size=640, heads=4, kv_heads=1, head_dim=256, ffn_size=2048, vocabulary=262144,
        native_precision="bf16",
    )  # fmt: skip


def profile(name: str = "triage", **values: Any) -> dict[str, Any]:
    return filled(
        Profiles,
        **{"workload": name, "kind": "copilot", "api": "completions", "slo_percentile": 95.0, **values},
    )


def requests(name: str = "triage", count: int = 60, rate: float = 4.0) -> Rows:
    return [
        {"workload": name, "index": n, "arrival_s": n / rate, "input_tokens": 40 + n % 20,
         "output_tokens": 8 + n % 4, "client": f"c{n % 7}", "session": None, "turn": None,
         "prefix_tokens": None}
        for n in range(count)
    ]  # fmt: skip


class Workspace:
    """Tables of a benchmark's inputs under a temporary root."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.tables: dict[str, Rows] = {
            "workloads": [workload()],
            "models": [gemma()],
            "profiles": [profile()],
            "trace_sources": [
                filled(TraceSources, workload="triage", trace="triage", origin="generated", grade="declared")
            ],
            "requests": requests(),
            "targets": [],
        }

    def inputs(self) -> Inputs:
        for artifact in STAGE.inputs:
            assert isinstance(artifact, TableFile)
            rows = self.tables.get(artifact.name)
            frame = table_of(artifact.schema, rows) if rows is not None else empty(artifact.schema)
            if artifact.schema is Requests:
                frame = pl.DataFrame(rows, schema=polars_schema(Requests))
            write_table(self.root / artifact.path, frame)
        return Inputs(self.root, STAGE.inputs)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "workspace")


@pytest.fixture
def context(tmp_path: Path) -> Callable[[str], Context]:
    """A context whose scratch folder has the given name."""

    def build(name: str) -> Context:
        scratch = tmp_path / "scratch" / name
        scratch.mkdir(parents=True)
        now = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
        return Context(tmp_path, scratch, tmp_path / "cache", now, "run-1", machine="test machine")

    return build
