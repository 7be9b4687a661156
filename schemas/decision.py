"""Tables that `score` writes."""

from __future__ import annotations

import pandera.polars as pa

from schemas.base import GRADES, Table
from schemas.inputs import Instant

ROLES = ["platform_engineering", "security", "procurement", "application_owner"]
CRITERIA = [
    "cost_per_throughput", "latency", "ecosystem_maturity", "lock_in_risk",
    "operational_complexity", "future_scalability", "power",
]  # fmt: skip


class Costs(Table):
    """One row a workload, option and cost metric, in USD. Training and inference never share a metric."""

    workload: str
    option: str
    phase: str = pa.Field(isin=["inference", "training"])
    metric: str
    """usd_per_1k_requests, usd_per_1k_successful_actions, usd_per_million_output_tokens,
    usd_per_trained_step, usd_per_month, replicas, …"""
    value: float = pa.Field(nullable=True)
    low: float = pa.Field(nullable=True)
    high: float = pa.Field(nullable=True)
    grade: str = pa.Field(isin=GRADES)
    source: str
    date: Instant
    reason: str


class Tco(Table):
    """One row a workload, leading option, way to pay and line: USD over the horizon, for a waterfall."""

    workload: str
    option: str
    variant: str = pa.Field(isin=["on_demand", "reserved", "spot", "owned"])
    allowed: bool
    """Whether residency and rules let the workload use it so; shown in any case."""
    line: str
    """`compute`, or `amortisation` and `cost_of_capital` where owned; power, …; `total` is their sum."""
    usd: float = pa.Field(nullable=True)
    low: float = pa.Field(nullable=True)
    high: float = pa.Field(nullable=True)
    share: float = pa.Field(ge=0, le=1, nullable=True)
    """Of the total."""
    grade: str = pa.Field(isin=GRADES)
    source: str
    as_of: str
    reason: str


class Flips(Table):
    """One row a workload and kind of change: where the choice flips, and how far that is from today."""

    workload: str
    option: str = pa.Field(nullable=True)
    kind: str = pa.Field(
        isin=["price", "rival_price", "volume", "utilisation", "quality", "engineering_cost"]
    )
    key: str
    """What to watch: `price.<offer>`, `workload.<id>.volume`, …"""
    rival: str = pa.Field(nullable=True)
    """Who is level there."""
    today: float = pa.Field(nullable=True)
    flips_at: float = pa.Field(nullable=True)
    unit: str
    factor: float = pa.Field(gt=0, nullable=True)
    """`flips_at` ÷ `today`."""
    distance: float = pa.Field(ge=0, nullable=True)
    """|ln factor|: 0 is now, 0.69 a doubling or halving."""
    reason: str
    """Why there is no such point; empty where there is."""


class FlipLines(Table):
    """The lines that cross where a choice flips: scores of the winner and its rivals as one figure moves."""

    workload: str
    kind: str = pa.Field(
        isin=["price", "rival_price", "volume", "utilisation", "quality", "engineering_cost"]
    )
    option: str
    factor: float = pa.Field(gt=0)
    """Times today's figure."""
    value: float = pa.Field(nullable=True)
    """The figure itself, in the unit of the row of Flips."""
    score: float = pa.Field(nullable=True)
    """Empty where the option is ruled out: too many replicas, or below the owner's floor."""


class Billed(Table):
    """One row a workload, option, month and line of a bill, beside its prediction; no workload: unmatched."""

    workload: str = pa.Field(nullable=True)
    option: str = pa.Field(nullable=True)
    period: str = pa.Field(str_matches=r"^\d{4}-\d{2}$")
    line: str = pa.Field(
        isin=[
            "compute", "networking", "storage", "other", "unused_commitment", "commitment", "credit",
            "tax", "adjustment",
        ]
    )  # fmt: skip
    hours: float = pa.Field(ge=0)
    """Of the month, that the export covers."""
    charges: int = pa.Field(gt=0)
    billed_usd: float
    effective_usd: float
    """Commitments spread over their use."""
    predicted_usd: float = pa.Field(nullable=True)
    """For the hours covered."""
    low: float = pa.Field(nullable=True)
    high: float = pa.Field(nullable=True)
    ratio: float = pa.Field(nullable=True)
    """What was compared (effective, or billed where billing.yaml says so) ÷ predicted."""
    verdict: str = pa.Field(isin=["within", "above", "below", "no_interval", "no_prediction"])
    reason: str


class Scores(Table):
    """One row a workload, option and criterion: raw value and what it is worth."""

    workload: str
    option: str
    criterion: str = pa.Field(isin=CRITERIA)
    value: float = pa.Field(nullable=True)
    low: float = pa.Field(nullable=True)
    high: float = pa.Field(nullable=True)
    unit: str
    bound_worst: float
    bound_best: float
    utility: float = pa.Field(ge=0, le=1, nullable=True)
    weight: float = pa.Field(ge=0, le=1)
    """The mean of the roles' weights: weight × utility is what the criterion adds to the score."""
    grade: str = pa.Field(isin=GRADES)
    evidence: str


class Ranking(Table):
    """One row a workload and option. Vetoed options have no rank."""

    workload: str
    option: str
    score: float = pa.Field(ge=0, le=1, nullable=True)
    rank: int = pa.Field(gt=0, nullable=True)
    p_best: float = pa.Field(ge=0, le=1, nullable=True)
    """Share of the draws of weights and measurements in which the option is first."""
    rank_p5: float = pa.Field(ge=1, nullable=True)
    rank_p95: float = pa.Field(ge=1, nullable=True)
    pareto: bool
    vetoed: bool
    veto_reason: str


class RoleRanking(Table):
    """The same, as each role alone would have it."""

    workload: str
    role: str = pa.Field(isin=ROLES)
    option: str
    score: float = pa.Field(ge=0, le=1)
    rank: int = pa.Field(gt=0)


class Placements(Table):
    """Where a workload's chosen option goes, by which rule, and where its traffic spills to."""

    workload: str
    option: str = pa.Field(nullable=True)
    environment: str
    region: str
    rule: str
    reason: str
    fallback_option: str = pa.Field(nullable=True)
    fallback_reason: str


class Plan(Table):
    """One row a plan and pool (an offer), and one `total` a plan: the recommendations, or GPUs only."""

    plan: str = pa.Field(isin=["recommended", "all_gpu"])
    pool: str
    accelerator: str = pa.Field(nullable=True)
    environment: str = pa.Field(nullable=True)
    provider: str = pa.Field(nullable=True)
    region: str = pa.Field(nullable=True)
    price_model: str = pa.Field(nullable=True)
    workloads: str
    sharing: str
    """Workloads whose replicas may stand on the same instances."""
    spills_here: str
    """Workloads whose traffic comes here when their own pool fails."""
    accelerators_needed: float = pa.Field(ge=0)
    accelerators_alone: float = pa.Field(ge=0)
    """Paid for when every workload rents whole instances of its own, as its cost assumes."""
    accelerators_shared: float = pa.Field(ge=0)
    """Paid for when those that may share do."""
    accelerators_for_fallback: float = pa.Field(ge=0)
    """On top, to carry all that spills here at once."""
    usd_saved_by_sharing: float = pa.Field(ge=0)
    """A month, of compute."""
    usd_per_month: float = pa.Field(ge=0)
    """Of all cost lines, without sharing and without capacity kept for fallback."""
    low: float = pa.Field(ge=0)
    high: float = pa.Field(ge=0)
    reason: str


class Decisions(Table):
    """One row a workload: what is recommended, how surely, and on what grade of evidence."""

    workload: str = pa.Field(unique=True)
    status: str = pa.Field(isin=["recommended", "no_option", "all_vetoed"])
    option: str = pa.Field(nullable=True)
    runner_up: str = pa.Field(nullable=True)
    score: float = pa.Field(nullable=True)
    margin: float = pa.Field(nullable=True)
    p_best: float = pa.Field(ge=0, le=1, nullable=True)
    share_measured: float = pa.Field(ge=0, le=1)
    share_published: float = pa.Field(ge=0, le=1)
    share_predicted: float = pa.Field(ge=0, le=1)
    share_declared: float = pa.Field(ge=0, le=1)
    disagreement: str
    flips_when: str
    next_step: str


class SecurityGates(Table):
    """One row a recommendation and gate that security answers for."""

    workload: str
    option: str
    gate: str = pa.Field(
        isin=[
            "driver_patching", "firmware_patching", "image_signing", "secrets", "tenant_isolation",
            "supply_chain", "support_end",
        ]
    )  # fmt: skip
    state: str = pa.Field(isin=["met", "open", "expired", "failed"])
    """On the day of the evaluation. Expired and failed gates block security's approval."""
    evidence: str
    by: str = pa.Field(nullable=True)
    checked: str = pa.Field(nullable=True)
    expires: str = pa.Field(nullable=True)
    """Last day on which the evidence holds."""
    reason: str


class SignOffs(Table):
    """One row a workload and role: the sheet that the role signs."""

    workload: str
    role: str = pa.Field(isin=ROLES)
    digest: str
    """SHA-256 of the decision that the signature covers."""
    verdict: str = pa.Field(isin=["awaiting", "approved", "rejected"])
    signed_by: str = pa.Field(nullable=True)
    signed_on: str = pa.Field(nullable=True)
    comment: str


class PolicyVerdicts(Table):
    """One row a workload, rule and outcome: how many (option, offer) cases the rule decided so."""

    workload: str
    rule: str
    outcome: str = pa.Field(isin=["deny", "prefer", "warn", "pass", "error"])
    cases: int = pa.Field(gt=0)
    detail: str
    """The rule's reason, or why it could not be evaluated; empty for `pass`."""
