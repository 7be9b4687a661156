"""Tables that `canary` writes."""

from __future__ import annotations

import pandera.polars as pa

from schemas.base import Table
from schemas.inputs import Instant


class CanaryVerdicts(Table):
    """One row a finished canary."""

    canary: str = pa.Field(unique=True)
    workload: str
    baseline: str
    candidate: str
    purpose: str = pa.Field(isin=["trial", "demonstration"])
    """A demonstration degrades its candidate on purpose."""
    verdict: str = pa.Field(isin=["promote", "rollback", "hold", "insufficient_traffic", "aborted"])
    guardrail: str = pa.Field(nullable=True)
    at_s: float = pa.Field(ge=0)
    final_share: float = pa.Field(ge=0, le=1)
    reason: str
    started: Instant


class CanaryObservations(Table):
    """One row a canary, look and arm."""

    canary: str
    t_s: float = pa.Field(ge=0)
    arm: str = pa.Field(isin=["baseline", "canary"])
    share: float = pa.Field(ge=0, le=1)
    requests: int = pa.Field(ge=0)
    failures: int = pa.Field(ge=0)
    latency_p50_ms: float = pa.Field(ge=0, nullable=True)
    latency_p95_ms: float = pa.Field(ge=0, nullable=True)
    ttft_p50_ms: float = pa.Field(ge=0, nullable=True)
    quality_mean: float = pa.Field(ge=0, le=1, nullable=True)
    memory_mb: float = pa.Field(ge=0, nullable=True)


class CanaryEvents(Table):
    """The canary's append-only record: each row carries the digest of the one before."""

    canary: str
    sequence: int = pa.Field(ge=0)
    t_s: float = pa.Field(ge=0)
    at: Instant
    event: str
    share: float = pa.Field(ge=0, le=1)
    guardrail: str = pa.Field(nullable=True)
    evidence: float = pa.Field(nullable=True)
    bound: float = pa.Field(nullable=True)
    reason: str
    previous_digest: str
    digest: str
