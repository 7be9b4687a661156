"""roadmap.json: where each workload stands this quarter, for other programs and for next quarter."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from stages.report.lookup import (
    COST_METRICS,
    costs_by_option,
    leading_cost_metric,
    measured_here,
    workload_phase,
)
from stages.report.tables import Tables

SCHEMA_VERSION: Literal["1.0"] = "1.0"
"""Raised in its first part when a reader of the old form would misread the new one."""

QUARTERS = ("Q1", "Q2", "Q3", "Q4")
QUARTER_AIMS = {
    "Q1": "baseline: class, profile, options, costs and a decision on record",
    "Q2": "one pilot: a canary trial on live traffic",
    "Q3": "hybrid: placed by rule with a fallback that is proven",
    "Q4": "standard: promoted, and signed by all four roles",
}


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RoadmapFigure(_Part):
    """A figure with its grade and interval; a null value has a reason."""

    value: float | None
    low: float | None = None
    high: float | None = None
    unit: str
    grade: str | None = None
    source: str = ""
    reason: str = ""


class EvidenceShares(_Part):
    """Shares of the decision's evidence by grade."""

    measured: float = Field(ge=0, le=1)
    published: float = Field(ge=0, le=1)
    predicted: float = Field(ge=0, le=1)
    declared: float = Field(ge=0, le=1)


class SignOff(_Part):
    """One role's answer to the decision with this digest."""

    role: str
    verdict: Literal["awaiting", "approved", "rejected"]
    signed_by: str | None
    signed_on: str | None
    digest: str


class QuarterState(_Part):
    """Whether the aim of a quarter is reached for the workload, and what says so."""

    quarter: Literal["Q1", "Q2", "Q3", "Q4"]
    state: Literal["done", "in_progress", "not_started", "failed"]
    evidence: str


class WorkloadEntry(_Part):
    """Where one workload stands."""

    workload: str
    title: str
    owner: str
    phase: Literal["inference", "training"]
    criticality: str | None
    status: Literal["recommended", "no_option", "all_vetoed", "undecided"]
    option: str | None
    runner_up: str | None
    margin: float | None
    p_best: float | None
    measured_here: bool
    evidence: EvidenceShares | None
    cost: RoadmapFigure
    savings_vs_all_gpu: RoadmapFigure
    placement: str | None
    fallback_option: str | None
    sign_offs: list[SignOff]
    quarters: list[QuarterState]
    flips_when: str
    next: str


class Roadmap(_Part):
    """The whole file.

    `sources` gives, by table, the SHA-256 of the file that the entries were taken from.
    """

    schema_version: Literal["1.0"] = SCHEMA_VERSION
    quarter: str = Field(pattern=r"^\d{4}-Q[1-4]$")
    written: AwareDatetime
    run: str
    workloads: list[WorkloadEntry]
    total_savings_vs_all_gpu: RoadmapFigure
    changed_since_last_quarter: list[str] | None = None
    changed_reason: str = "no earlier roadmap was given to compare with"
    sources: dict[str, str]


def quarter_of(instant: datetime) -> str:
    """The calendar quarter, as in `2026-Q4`."""
    return f"{instant.year}-Q{(instant.month - 1) // 3 + 1}"


def build_roadmap(tables: Tables, now: datetime, run: str, sources: dict[str, str]) -> Roadmap:
    """The roadmap of the quarter in which `now` lies."""
    savings = total_savings(tables)
    return Roadmap(
        quarter=quarter_of(now),
        written=now,
        run=run,
        workloads=[_entry(tables, workload) for workload in tables.workloads],
        total_savings_vs_all_gpu=RoadmapFigure(
            value=savings.usd_per_month, unit="usd_per_month", grade=savings.grade, reason=savings.reason
        ),
        sources=sources,
    )


class Savings(_Part):
    """What the recommended options save a month, or why that is not known."""

    usd_per_month: float | None
    grade: str | None
    reason: str


def total_savings(tables: Tables) -> Savings:
    """The sum over the workloads for which both sides are known; `reason` says what it leaves out."""
    figures = [savings_of(tables, workload) for workload in tables.workloads]
    known = [figure for figure in figures if figure.value is not None]
    if not known:
        why = "for no workload are the recommended option and a GPU option both priced by the month"
        return Savings(usd_per_month=None, grade=None, reason=why)
    return Savings(
        usd_per_month=sum(figure.value or 0.0 for figure in known),
        grade=_weakest(*[figure.grade for figure in known]),
        reason=f"over the {len(known)} of {len(figures)} workloads for which both sides are priced",
    )


def savings_of(tables: Tables, workload: str) -> RoadmapFigure:
    """Monthly cost of the best-ranked GPU option less that of the recommended one.

    The interval takes the worst against the best case of both sides, so it is never too narrow.
    """
    unit = "usd_per_month"
    decision = tables.row("decisions", workload)
    if decision is None or decision["option"] is None:
        return RoadmapFigure(value=None, unit=unit, reason="no option is recommended")
    costs = costs_by_option(tables, workload)
    chosen = costs.get(decision["option"], {}).get("usd_per_month")
    if chosen is None or chosen["value"] is None:
        return RoadmapFigure(value=None, unit=unit, reason="the recommended option has no monthly cost")
    gpu = _best_gpu(tables, workload, costs)
    if gpu is None:
        return RoadmapFigure(value=None, unit=unit, reason="no ranked GPU option has a monthly cost")
    if gpu["option"] == chosen["option"]:
        return RoadmapFigure(
            value=0.0, low=0.0, high=0.0, unit=unit, grade=chosen["grade"], source="the GPU option itself"
        )
    bounded = None not in (gpu["low"], gpu["high"], chosen["low"], chosen["high"])
    return RoadmapFigure(
        value=gpu["value"] - chosen["value"],
        low=gpu["low"] - chosen["high"] if bounded else None,
        high=gpu["high"] - chosen["low"] if bounded else None,
        unit=unit,
        grade=_weakest(gpu["grade"], chosen["grade"]),
        source=f"{gpu['option']} less {chosen['option']}",
        reason="" if bounded else "one side has no interval",
    )


def _best_gpu(
    tables: Tables, workload: str, costs: dict[str, dict[str, dict[str, Any]]]
) -> dict[str, Any] | None:
    """Monthly cost of the best-ranked GPU option: what the scorecard takes if only GPUs are allowed."""
    gpus = {r["option"] for r in tables.rows("candidates", workload) if r["accelerator_class"] == "gpu"}
    ranked = [r for r in tables.rows("ranking", workload) if r["rank"] is not None and r["option"] in gpus]
    for row in sorted(ranked, key=lambda r: (r["rank"], r["option"])):
        cost = costs.get(row["option"], {}).get("usd_per_month")
        if cost is not None and cost["value"] is not None:
            return cost
    return None


def _weakest(*grades: str | None) -> str | None:
    from acceltrial.evidence import Grade, weakest_grade

    known = [Grade(grade) for grade in grades if grade]
    return str(weakest_grade(known)) if known else None


def _entry(tables: Tables, workload: str) -> WorkloadEntry:
    declared = tables.row("workloads", workload)
    assert declared is not None
    classes, decision = tables.row("classes", workload), tables.row("decisions", workload) or {}
    placement = tables.row("placements", workload) or {}
    evidence = (
        EvidenceShares(
            **{g: decision[f"share_{g}"] for g in ("measured", "published", "predicted", "declared")}
        )
        if decision
        else None
    )
    return WorkloadEntry(
        workload=workload,
        title=declared["title"],
        owner=declared["owner"],
        phase=workload_phase(tables, workload),
        criticality=classes["criticality"] if classes else None,
        status=decision.get("status", "undecided"),
        option=decision.get("option"),
        runner_up=decision.get("runner_up"),
        margin=decision.get("margin"),
        p_best=decision.get("p_best"),
        measured_here=measured_here(tables, workload),
        evidence=evidence,
        cost=_cost(tables, workload, decision.get("option")),
        savings_vs_all_gpu=savings_of(tables, workload),
        placement=placement.get("environment"),
        fallback_option=placement.get("fallback_option"),
        sign_offs=[
            SignOff(**{k: row[k] for k in SignOff.model_fields}) for row in tables.rows("sign_offs", workload)
        ],
        quarters=quarter_states(tables, workload),
        flips_when=decision.get("flips_when", ""),
        next=decision.get("next_step", "decide"),
    )


def _cost(tables: Tables, workload: str, option: str | None) -> RoadmapFigure:
    metric = leading_cost_metric(tables, workload) or COST_METRICS[workload_phase(tables, workload)][0]
    if option is None:
        return RoadmapFigure(value=None, unit=metric, reason="no option is recommended")
    row = costs_by_option(tables, workload).get(option, {}).get(metric)
    if row is None:
        return RoadmapFigure(value=None, unit=metric, reason="the cost table has no row for the option")
    return RoadmapFigure(
        value=row["value"],
        low=row["low"],
        high=row["high"],
        unit=metric,
        grade=row["grade"],
        source=row["source"],
        reason=row["reason"],
    )


def quarter_states(tables: Tables, workload: str) -> list[QuarterState]:
    """The four quarters' aims, each with its state and the evidence for it."""
    return [
        QuarterState(quarter="Q1", **_baseline(tables, workload)),
        QuarterState(quarter="Q2", **_pilot(tables, workload)),
        QuarterState(quarter="Q3", **_hybrid(tables, workload)),
        QuarterState(quarter="Q4", **_standard(tables, workload)),
    ]


def _baseline(tables: Tables, workload: str) -> dict[str, Any]:
    decision = tables.row("decisions", workload)
    if tables.row("classes", workload) is None:
        return {"state": "not_started", "evidence": "not classified"}
    if decision is None:
        return {"state": "in_progress", "evidence": "classified, not decided"}
    if decision["status"] != "recommended":
        return {"state": "in_progress", "evidence": "no option is left to recommend"}
    basis = "partly measured" if measured_here(tables, workload) else "predicted only"
    return {"state": "done", "evidence": f"decided; {basis}"}


def _pilot(tables: Tables, workload: str) -> dict[str, Any]:
    trials = [row for row in tables.rows("canary_verdicts", workload) if row["purpose"] == "trial"]
    if not trials:
        return {"state": "not_started", "evidence": "no canary trial"}
    last = max(trials, key=lambda row: row["started"])
    state = {"promote": "done", "rollback": "failed"}.get(last["verdict"], "in_progress")
    return {"state": state, "evidence": f"canary {last['canary']}: {last['verdict']}"}


def _hybrid(tables: Tables, workload: str) -> dict[str, Any]:
    placement = tables.row("placements", workload)
    if placement is None or placement["option"] is None:
        return {"state": "not_started", "evidence": "not placed"}
    if placement["fallback_option"] is None:
        why = placement["fallback_reason"] or "no fallback"
        return {"state": "in_progress", "evidence": f"placed in {placement['environment']}; {why}"}
    return {
        "state": "in_progress",
        "evidence": f"placed in {placement['environment']}, spills to {placement['fallback_option']} "
        "(planned; a live failover is not on record)",
    }


def _standard(tables: Tables, workload: str) -> dict[str, Any]:
    sheet = tables.rows("sign_offs", workload)
    approved = sum(row["verdict"] == "approved" for row in sheet)
    rejected = sum(row["verdict"] == "rejected" for row in sheet)
    promoted = _pilot(tables, workload)["state"] == "done"
    evidence = f"{approved} of {len(sheet)} roles approved" if sheet else "no sign-off sheet"
    if rejected:
        return {"state": "failed", "evidence": f"{evidence}, {rejected} rejected"}
    if sheet and approved == len(sheet):
        rest = "promoted" if promoted else "not yet promoted by a canary"
        return {"state": "done" if promoted else "in_progress", "evidence": f"{evidence}; {rest}"}
    return {"state": "in_progress" if approved else "not_started", "evidence": evidence}
