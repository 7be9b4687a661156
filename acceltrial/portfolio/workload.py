"""What the owner of a workload declares about it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from acceltrial.portfolio.section import (
    Count,
    Hours,
    Milliseconds,
    Name,
    Regions,
    Section,
    Share,
    Text,
    Tokens,
    Usd,
    Watts,
)

Kind = Literal[
    "chatbot", "copilot", "batch", "agent", "embedding", "reranker",
    "multimodal", "scoring", "training", "sensor", "sandbox",
]  # fmt: skip
TOKEN_GENERATING_KINDS = frozenset({"chatbot", "copilot", "batch", "agent", "sandbox", "multimodal"})


class Business(Section):
    """The business action that the workload serves, what it is worth and when it succeeded."""

    action: Text
    value: Usd | None = None
    """What one successful action is worth."""
    actions_per_month: Annotated[float, Field(gt=0, le=1e15)]
    requests_per_action: Annotated[float, Field(gt=0, le=1e9)] = 1.0
    success: Text
    """When an action counts as successful."""
    success_rate_floor: Share | None = None


class Latency(Section):
    """Limits that `percentile` per cent of requests must meet; empty means no limit."""

    percentile: Annotated[float, Field(gt=0, lt=100)] = 95.0
    first_token: Milliseconds | None = None
    per_token: Milliseconds | None = None
    end_to_end: Milliseconds | None = None
    deadline: Hours | None = None
    """For batch work and training: the hours in which a whole run must be done."""


class Training(Section):
    """The size of one training run."""

    steps_per_run: Annotated[float, Field(gt=0, le=1e12)]
    batch_size: Count
    sequence_tokens: Tokens


class Workload(Section):
    """One workload of the portfolio."""

    id: Name
    title: Text
    owner: Text
    kind: Kind
    business: Business
    criticality: Literal["exploratory", "customer_facing", "mission_critical"] | None = None
    shape: Literal["steady", "bursty", "batch", "always_on_events"] | None = None
    stability: Literal["frozen", "stable", "changing"] | None = None
    model_changes_per_year: Annotated[float, Field(ge=0, le=1e5)] | None = None
    biggest_cost: Text | None = None
    biggest_pain: Text | None = None
    streaming: bool = False
    latency: Latency = Latency()
    sensitivity: Literal["public", "internal", "confidential", "regulated"]
    residency: Regions
    """Where the data may be processed."""
    always_on: bool = False
    event_driven: bool = False
    power_budget: Watts | None = None
    context_tokens: Tokens | None = None
    """The longest prompt with answer that must be served; empty: as the trace demands."""
    model: Name
    trace: Name
    training: Training | None = None

    @property
    def phase(self) -> Literal["inference", "training"]:
        """What the kind implies."""
        return "training" if self.kind == "training" else "inference"

    @model_validator(mode="after")
    def _training_is_described(self) -> Workload:
        if (self.kind == "training") != (self.training is not None):
            raise ValueError(
                "a workload of kind `training` needs the section `training` (steps_per_run, batch_size, "
                "sequence_tokens), and no other kind may have it"
            )
        return self
