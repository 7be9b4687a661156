"""Tables that `classify` writes."""

from __future__ import annotations

import pandera.polars as pa

from schemas.base import CRITICALITIES, WORKLOAD_KINDS, Table


class Classes(Table):
    """What each workload is; every attribute has its row in ClassEvidence."""

    workload: str = pa.Field(unique=True)
    criticality: str = pa.Field(isin=CRITICALITIES)
    phase: str = pa.Field(isin=["inference", "training"])
    family: str
    shape: str = pa.Field(isin=["steady", "bursty", "batch", "always_on_events", "unknown"])
    stability: str = pa.Field(isin=["frozen", "stable", "changing", "unknown"])
    biggest_cost: str
    biggest_pain: str


class ClassEvidence(Table):
    """Why: declared against observed, the rule that decided and what it saw."""

    workload: str
    attribute: str
    declared: str = pa.Field(nullable=True)
    observed: str = pa.Field(nullable=True)
    decided: str
    agreement: str = pa.Field(isin=["agree", "disagree", "declared_only", "observed_only", "default"])
    rule: str
    evidence: str


class Requirements(Table):
    """What a workload's bucket demands of any placement (redundancy, rollback plan, …)."""

    workload: str
    criticality: str = pa.Field(isin=CRITICALITIES)
    requirement: str
    reason: str


class Profiles(Table):
    """The benchmark that a workload's own trace defines. Empty: the trace does not say."""

    workload: str = pa.Field(unique=True)
    kind: str = pa.Field(isin=WORKLOAD_KINDS)
    api: str = pa.Field(isin=["completions", "chat", "embeddings", "rerank", "training", "events"])
    streaming: bool
    requests_n: int = pa.Field(ge=0)
    span_s: float = pa.Field(ge=0)
    rate_rps: float = pa.Field(gt=0, nullable=True)
    peak_rate_rps: float = pa.Field(gt=0, nullable=True)
    """Highest 99th percentile over one-minute windows (one second for spans under five minutes)."""
    interarrival_cv: float = pa.Field(ge=0, nullable=True)
    idc_1s: float = pa.Field(ge=0, nullable=True)
    idc_10s: float = pa.Field(ge=0, nullable=True)
    idc_60s: float = pa.Field(ge=0, nullable=True)
    input_tokens_mean: float = pa.Field(ge=0, nullable=True)
    input_tokens_p50: float = pa.Field(ge=0, nullable=True)
    input_tokens_p95: float = pa.Field(ge=0, nullable=True)
    input_tokens_p99: float = pa.Field(ge=0, nullable=True)
    output_tokens_mean: float = pa.Field(ge=0, nullable=True)
    output_tokens_p50: float = pa.Field(ge=0, nullable=True)
    output_tokens_p95: float = pa.Field(ge=0, nullable=True)
    output_tokens_p99: float = pa.Field(ge=0, nullable=True)
    context_tokens: int = pa.Field(gt=0, nullable=True)
    concurrency_mean: float = pa.Field(ge=0, nullable=True)
    """Little's law: rate × the latency that the workload's own target allows."""
    concurrency_peak: float = pa.Field(ge=0, nullable=True)
    batch_size: int = pa.Field(gt=0)
    precisions: str
    """Modes to consider, joined by `|`."""
    metrics: str
    """Metrics that matter for this kind, joined by `|`."""
    slo_ttft_ms: float = pa.Field(gt=0, nullable=True)
    slo_tpot_ms: float = pa.Field(gt=0, nullable=True)
    slo_e2e_ms: float = pa.Field(gt=0, nullable=True)
    slo_percentile: float = pa.Field(gt=0, lt=100)
