"""A workspace with a small portfolio and catalogue, and collect run in it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from schemas.base import check_table
from stages.collect.params import CollectParams
from stages.collect.stage import STAGE
from stages.contract import Context, Inputs, Outputs

WORKLOAD = """\
  - id: {id}
    title: A workload
    owner: Someone
    kind: {kind}
    business: {{action: an action, actions_per_month: 1000, success: it worked}}
    latency: {{first_token: 1 s}}
    sensitivity: internal
    residency: any
    context_tokens: 500
    model: small
    trace: {trace}
"""
MODELS = """\
models:
  - {id: small, family: dense_llm, params_b: 0.3, context_window: 2048, native_precision: bf16,
     source: a card, as_of: "2025", confidence: vendor_doc}
  - {id: unused, family: dense_llm, params_b: 7, native_precision: bf16,
     source: a card, as_of: "2025", confidence: vendor_doc}
"""
TARGET = """\
  - id: {id}
    title: A target
    kind: llamacpp
    device: {id}
    accelerator: {accelerator}
    model: small
    precision: int4
    api: completions
    environment: local
    region: here
    residency: eu
"""
ACCELERATORS = (
    "accelerator,vendor,name,accelerator_class,family,year,memory_gb,memory_bw_gb_s,fp32_tflops,tf32_tflops,"
    "bf16_tflops,fp16_tflops,fp8_tflops,int8_tops,fp4_tflops,interconnect_gb_s,tdp_w,energy_per_synop_pj,"
    "runtimes,quantisation,availability\n"
    "h100-sxm,NVIDIA,H100 SXM,gpu,hopper,2022,80,3350,,,989,,,,,900,700,,,,\n"
    "lonely,Someone,Lonely 1,npu,npu,2024,8,100,,,,,,,,,10,,,,\n"
)
FACTS = (
    "accelerator,field,value,unit,source,as_of,confidence,note\n"
    "h100-sxm,memory_gb,80,GB,a data sheet,2023-03,vendor_doc,\n"
    "lonely,memory_gb,8,GB,a data sheet,2024,vendor_doc,\n"
)
PRICES = (
    "price,accelerator,provider,region,residency,environment,instance_type,accelerators_per_instance,model,"
    "usd_per_accelerator_hour,grade,source,as_of,confidence,note\n"
    "h100-eu,h100-sxm,acme,eu-1,eu,public_cloud,x,1,on_demand,2.5,published,a list,2026-10,vendor_doc,\n"
)
AZURE = "TIMESTAMP,ContextTokens,GeneratedTokens\n"
Collect = Callable[..., Outputs]


def azure_rows(count: int, start: int = 0) -> str:
    """Rows of an Azure trace, one a second."""
    return "".join(
        f"2026-11-16 18:{(start + i) // 60:02d}:{(start + i) % 60:02d}.0000000,{100 + i},{10 + i}\n"
        for i in range(count)
    )


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A workspace whose `chat` and `rank` workloads read one trace of 30 requests."""
    root = tmp_path / "ws"
    portfolio, catalogue = root / "data" / "portfolio", root / "data" / "catalogue"
    (portfolio / "traces").mkdir(parents=True)
    catalogue.mkdir()
    workloads = [("chat", "chatbot", "chat"), ("rank", "reranker", "chat")]
    (portfolio / "workloads.yaml").write_text(
        "workloads:\n" + "".join(WORKLOAD.format(id=i, kind=k, trace=t) for i, k, t in workloads)
    )
    (portfolio / "models.yaml").write_text(MODELS)
    (portfolio / "targets.yaml").write_text(
        "targets:\n"
        + TARGET.format(id="known", accelerator="NVIDIA H100 SXM")
        + TARGET.format(id="unknown", accelerator="h9000")
    )
    (portfolio / "traces.yaml").write_text(
        "traces:\n  - {id: chat, file: traces/chat.csv, licence: our own, note: recorded in the lab}\n"
    )
    (portfolio / "traces" / "chat.csv").write_text(AZURE + azure_rows(30))
    (catalogue / "accelerators.csv").write_text(ACCELERATORS)
    (catalogue / "accelerator_facts.csv").write_text(FACTS)
    (catalogue / "prices.csv").write_text(PRICES)
    return root


@pytest.fixture
def collect(workspace: Path, make_context: Callable[..., Context]) -> Collect:
    """Runs collect in the workspace and checks every table against its schema."""

    def run(**params: Any) -> Outputs:
        assert STAGE.run is not None
        outputs = STAGE.run(
            Inputs(workspace, STAGE.inputs), CollectParams.model_validate(params), make_context(workspace)
        )
        assert set(outputs) == {artifact.name for artifact in STAGE.outputs}
        for artifact in STAGE.outputs:
            check_table(artifact.schema, table(outputs, artifact.name), artifact.name)  # type: ignore[union-attr]
        return outputs

    return run


def table(outputs: Outputs, name: str) -> pl.DataFrame:
    """The output called `name` as a frame."""
    value = outputs[name]
    return value if isinstance(value, pl.DataFrame) else pl.read_parquet(value)


def findings(outputs: Outputs, name: str) -> pl.DataFrame:
    """The findings of that name."""
    return table(outputs, "collect_findings").filter(pl.col("finding") == name)
