"""Tables that `collect` writes: the portfolio, the catalogue and the traces in canonical form."""

from __future__ import annotations

from typing import Annotated

import pandera.polars as pa
import polars as pl

from schemas.base import (
    ACCELERATOR_CLASSES,
    CRITICALITIES,
    NAME_PATTERN,
    PRECISIONS,
    WORKLOAD_KINDS,
    Table,
)

Instant = Annotated[pl.Datetime, "us", "UTC"]
"""An instant in UTC, to the microsecond."""


class Workloads(Table):
    """One row a workload, as its owner declares it. Empty means not declared."""

    workload: str = pa.Field(str_matches=NAME_PATTERN, unique=True)
    title: str
    owner: str
    kind: str = pa.Field(isin=WORKLOAD_KINDS)
    phase: str = pa.Field(isin=["inference", "training"])
    business_action: str
    action_value_usd: float = pa.Field(ge=0, nullable=True)
    actions_per_month: float = pa.Field(gt=0)
    requests_per_action: float = pa.Field(gt=0)
    success_definition: str
    success_rate_floor: float = pa.Field(ge=0, le=1, nullable=True)
    declared_criticality: str = pa.Field(isin=CRITICALITIES, nullable=True)
    declared_shape: str = pa.Field(isin=["steady", "bursty", "batch", "always_on_events"], nullable=True)
    declared_stability: str = pa.Field(isin=["frozen", "stable", "changing"], nullable=True)
    model_changes_per_year: float = pa.Field(ge=0, nullable=True)
    declared_biggest_cost: str = pa.Field(nullable=True)
    declared_biggest_pain: str = pa.Field(nullable=True)
    streaming: bool
    slo_ttft_ms: float = pa.Field(gt=0, nullable=True)
    slo_tpot_ms: float = pa.Field(gt=0, nullable=True)
    slo_e2e_ms: float = pa.Field(gt=0, nullable=True)
    slo_percentile: float = pa.Field(gt=0, lt=100)
    deadline_h: float = pa.Field(gt=0, nullable=True)
    sensitivity: str = pa.Field(isin=["public", "internal", "confidential", "regulated"])
    residency: str = pa.Field(str_matches=r"^(any|[a-z]{2}(,[a-z]{2})*)$")
    """`any`, or region groups (eu, us, ap) joined by commas."""
    always_on: bool
    event_driven: bool
    power_budget_w: float = pa.Field(gt=0, nullable=True)
    context_tokens: int = pa.Field(gt=0, nullable=True)
    model: str = pa.Field(str_matches=NAME_PATTERN)
    trace: str = pa.Field(str_matches=NAME_PATTERN)
    training_steps_per_run: float = pa.Field(gt=0, nullable=True)
    training_batch_size: int = pa.Field(gt=0, nullable=True)
    training_sequence_tokens: int = pa.Field(gt=0, nullable=True)


class Models(Table):
    """Architecture figures of the models that the portfolio names. Empty means unknown or not applicable."""

    model: str = pa.Field(str_matches=NAME_PATTERN, unique=True)
    family: str = pa.Field(
        isin=[
            "dense_llm", "moe_llm", "multimodal", "embedding", "reranker",
            "classical", "deep_ranking", "spiking", "diffusion", "speech", "vision",
        ]
    )  # fmt: skip
    params_b: float = pa.Field(gt=0)
    active_params_b: float = pa.Field(gt=0)
    layers: int = pa.Field(gt=0, nullable=True)
    hidden_size: int = pa.Field(gt=0, nullable=True)
    heads: int = pa.Field(gt=0, nullable=True)
    kv_heads: int = pa.Field(gt=0, nullable=True)
    head_dim: int = pa.Field(gt=0, nullable=True)
    ffn_size: int = pa.Field(gt=0, nullable=True)
    vocabulary: int = pa.Field(gt=0, nullable=True)
    context_window: int = pa.Field(gt=0, nullable=True)
    sliding_window: int = pa.Field(gt=0, nullable=True)
    experts: int = pa.Field(gt=0, nullable=True)
    active_experts: int = pa.Field(gt=0, nullable=True)
    kv_bytes_per_token: float = pa.Field(gt=0, nullable=True)
    """Given where the architecture does not follow from heads and layers (MLA, hybrid attention)."""
    flops_per_inference: float = pa.Field(gt=0, nullable=True)
    """For models without tokens (classical, ranking, spiking, vision)."""
    synops_per_inference: float = pa.Field(gt=0, nullable=True)
    native_precision: str = pa.Field(isin=PRECISIONS)
    source: str
    as_of: str
    confidence: str


class Requests(Table):
    """One row a request of a workload's trace, ordered by workload and arrival."""

    workload: str
    index: pl.Int64
    arrival_s: float = pa.Field(ge=0)
    input_tokens: pl.Int32 = pa.Field(ge=0, nullable=True)
    output_tokens: pl.Int32 = pa.Field(ge=0, nullable=True)
    client: str = pa.Field(nullable=True)
    session: str = pa.Field(nullable=True)
    turn: pl.Int32 = pa.Field(ge=0, nullable=True)
    prefix_tokens: pl.Int32 = pa.Field(ge=0, nullable=True)


class TraceSources(Table):
    """Where each workload's trace came from and what was done to it."""

    workload: str
    trace: str
    format: str
    origin: str = pa.Field(isin=["file", "generated"])
    path: str = pa.Field(nullable=True)
    digest: str = pa.Field(nullable=True)
    rows_read: int = pa.Field(ge=0)
    rows_kept: int = pa.Field(ge=0)
    span_s: float = pa.Field(ge=0)
    spread_step_s: float = pa.Field(nullable=True)
    """Width of the timestamp steps inside which arrivals were spread; empty when none was."""
    seed: int = pa.Field(nullable=True)
    grade: str = pa.Field(isin=["measured", "declared"])
    """A recorded trace is measured; a generated one is declared."""
    licence: str
    note: str


class Accelerators(Table):
    """The catalogue, one row a device. Memory and bandwidth are decimal GB and GB/s a device."""

    accelerator: str = pa.Field(str_matches=NAME_PATTERN, unique=True)
    vendor: str
    name: str
    accelerator_class: str = pa.Field(isin=ACCELERATOR_CLASSES)
    family: str
    """Prediction family: devices that share an architecture and a serving stack."""
    year: int = pa.Field(nullable=True)
    memory_gb: float = pa.Field(gt=0, nullable=True)
    memory_bw_gb_s: float = pa.Field(gt=0, nullable=True)
    fp32_tflops: float = pa.Field(gt=0, nullable=True)
    tf32_tflops: float = pa.Field(gt=0, nullable=True)
    bf16_tflops: float = pa.Field(gt=0, nullable=True)
    fp16_tflops: float = pa.Field(gt=0, nullable=True)
    fp8_tflops: float = pa.Field(gt=0, nullable=True)
    int8_tops: float = pa.Field(gt=0, nullable=True)
    fp4_tflops: float = pa.Field(gt=0, nullable=True)
    interconnect_gb_s: float = pa.Field(gt=0, nullable=True)
    tdp_w: float = pa.Field(gt=0, nullable=True)
    energy_per_synop_pj: float = pa.Field(gt=0, nullable=True)
    runtimes: str = pa.Field(nullable=True)
    """Runtimes joined by `|`."""
    quantisation: str = pa.Field(nullable=True)
    availability: str = pa.Field(nullable=True)


class AcceleratorFacts(Table):
    """One row a cell of the catalogue: where the value comes from."""

    accelerator: str
    field: str
    value: str
    unit: str
    source: str
    as_of: str
    confidence: str
    note: str = pa.Field(nullable=True)


class OperatorCoverage(Table):
    """One row a model and compiler: how far documented operators cover the model's own graph.

    `families` are the accelerator families of the compiler, joined by `|`; `unknown` and `unsupported` name
    operators, joined by spaces. A model whose graph was never exported has no row.
    """

    model: str = pa.Field(str_matches=NAME_PATTERN)
    backend: str
    families: str
    state: str = pa.Field(isin=["documented", "unknown", "unsupported"])
    operators: int = pa.Field(ge=0)
    listed: int = pa.Field(ge=0)
    through_models: int = pa.Field(ge=0)
    unknown: str
    unsupported: str
    dynamic_shapes: bool
    graph_breaks: int = pa.Field(ge=0, nullable=True)
    problem: str
    basis: str
    source: str
    as_of: str


class Prices(Table):
    """One row an offer. A price is of one accelerator for one hour, before tax."""

    price: str = pa.Field(str_matches=NAME_PATTERN, unique=True)
    accelerator: str
    provider: str
    region: str
    residency: str
    """Region group: eu, us, ap, …, or `any`."""
    environment: str = pa.Field(isin=["public_cloud", "private", "edge", "local"])
    instance_type: str = pa.Field(nullable=True)
    accelerators_per_instance: float = pa.Field(gt=0)
    model: str = pa.Field(isin=["on_demand", "spot", "reserved", "owned"])
    usd_per_accelerator_hour: float = pa.Field(gt=0)
    grade: str = pa.Field(isin=["published", "declared", "measured"])
    source: str
    as_of: str
    confidence: str
    note: str = pa.Field(nullable=True)


class Targets(Table):
    """What can be reached from here. `launch` is JSON without secrets."""

    target: str = pa.Field(str_matches=NAME_PATTERN, unique=True)
    kind: str
    title: str
    device: str = pa.Field(str_matches=NAME_PATTERN)
    """Two measurements never run on one device at the same time."""
    accelerator: str = pa.Field(nullable=True)
    """Catalogue id when the device is in the catalogue."""
    model: str = pa.Field(str_matches=NAME_PATTERN)
    precision: str = pa.Field(isin=PRECISIONS)
    api: str = pa.Field(isin=["completions", "chat", "embeddings", "rerank", "training", "none"])
    environment: str = pa.Field(isin=["public_cloud", "private", "edge", "local"])
    region: str
    residency: str
    price_usd_hr: float = pa.Field(gt=0, nullable=True)
    price_source: str = pa.Field(nullable=True)
    price_as_of: str = pa.Field(nullable=True)
    price_grade: str = pa.Field(isin=["published", "declared", "measured"], nullable=True)
    enabled: bool
    launch: str


class Findings(Table):
    """What a stage noticed: contradictions, gaps, what could not be matched, what to do."""

    stage: str
    subject_kind: str
    subject: str
    finding: str
    severity: str = pa.Field(isin=["info", "warning", "error"])
    detail: str
    remedy: str
