"""The thresholds of the rules. Each is named in the evidence of the class that it decided."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from stages.contract import StageParams


class ClassifyParams(StageParams):
    """Section `classify` of params.yaml."""

    min_requests: int = Field(default=100, ge=2)
    """With fewer requests the trace tells no shape."""
    bursty_rate_variation: float = Field(default=0.5, gt=0)
    """Relative standard deviation of the rate between 10 s or 60 s windows from which traffic is bursty."""
    bursty_gap_cv: float = Field(default=2.0, gt=1)
    """Standard deviation / mean of the gaps from which traffic is bursty."""
    batch_active_hours: float = Field(default=0.5, gt=0, lt=1)
    """Traffic in at most this share of the clock hours is batch."""
    mission_value_usd_per_month: float = Field(default=1_000_000, gt=0)
    """Value at stake a month from which an interactive service may be mission-critical."""
    deadline_value_usd_per_month: float = Field(default=10_000, gt=0)
    """Value a month from which results due within a day count as customer-facing."""
    exposed_requests_per_month: float = Field(default=10_000, gt=0)
    """Interactive requests a month from which a service counts as exposed to people outside the team."""
    frozen_changes_per_year: float = Field(default=0.5, ge=0)
    """Model changes a year up to which a model is frozen."""
    stable_changes_per_year: float = Field(default=4.0, gt=0)
    """Model changes a year up to which a model is stable."""
    volume_tolerance: float = Field(default=3.0, gt=1)
    """Factor between declared and recorded monthly volume that is reported; doubled upwards for traces of
    under a day, which are mostly of a busy hour."""
    criticality_conflict: Literal["stricter", "declared"] = "stricter"
    """Which bucket counts where declaration and rules differ; the difference is a finding either way."""
    offline_batch_size: int = Field(default=32, gt=0)
    """Batch size of work without a latency target, where the workload does not give one."""
    max_batch_size: int = Field(default=256, gt=0)
