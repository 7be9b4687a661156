"""What score would write."""

from __future__ import annotations

import hashlib
import math

from schemas.decision import CRITERIA, ROLES
from tests.stages.report.sample.base import NOW, Sample, options_of


def add_decision(s: Sample, entry: tuple[str, ...], text: str) -> None:
    name, _, _, phase, bucket, _ = entry
    feasible = [(o, a, c) for o, a, c, ok in options_of(name) if ok]
    local = [o for o, a, _ in feasible if a is None]
    ranked = local + [o for o, a, _ in feasible if a]
    s.add(
        "policy_verdicts", workload=name, rule="residency", outcome="deny", cases=4, detail="eu only" + text
    )
    s.add("policy_verdicts", workload=name, rule="residency", outcome="pass", cases=9, detail="")
    if name == "fraud-scoring":
        _undecided(s, name, ranked, text)
        return
    weight = 1.0
    for place, option in enumerate(ranked, start=1):
        measured = option in local
        weight *= 0.93
        _costs(s, name, option, phase, 0.4 * place, "measured" if measured else "predicted", text)
        s.add(
            "ranking",
            workload=name,
            option=option,
            score=0.8 * weight,
            rank=place,
            p_best=0.62 if place == 1 else 0.38 / len(ranked),
            rank_p5=float(max(1, place - 1)),
            rank_p95=float(place + 2),
            pareto=place < 4,
            vetoed=False,
            veto_reason="",
        )
        for criterion in CRITERIA:
            s.add(
                "scores",
                workload=name,
                option=option,
                criterion=criterion,
                value=s.random.uniform(0, 5),
                unit="points",
                bound_worst=0.0,
                bound_best=5.0,
                utility=s.random.random(),
                weight=1 / len(CRITERIA),
                grade="declared",
                evidence="catalogue" + text,
            )
        for role in ROLES:
            s.add(
                "role_ranking",
                workload=name,
                role=role,
                option=option,
                score=0.5,
                rank=place if role != "security" or place > 2 else 3 - place,
            )
    share = 0.6 if local else 0.0
    s.add(
        "decisions",
        workload=name,
        status="recommended",
        option=ranked[0],
        runner_up=ranked[1],
        score=0.744,
        margin=0.052,
        p_best=0.62 if local else 0.41,
        share_measured=share,
        share_published=0.1,
        share_predicted=0.8 - share,
        share_declared=0.1,
        disagreement="security would choose the runner-up" + text,
        flips_when="the price of the option rises by 31 %" + text,
        next_step="canary against the present path" + text,
    )
    s.add(
        "placements",
        workload=name,
        option=ranked[0],
        environment="public_cloud",
        region="eu-west-1",
        rule="residency-eu",
        reason="data stays in the EU" + text,
        fallback_option=ranked[1] if bucket != "exploratory" else None,
        fallback_reason="spills to the GPU pool"
        if bucket != "exploratory"
        else "exploratory work needs none",
    )
    _sheet(s, name, "approved" if name == "semantic-search" else "awaiting")
    _beside(s, name, ranked, text)


def _beside(s: Sample, name: str, ranked: list[str], text: str) -> None:
    """Total cost, flip conditions, security gates and the plan of a decision."""
    base = {"workload": name, "option": ranked[0]}
    lines = {"compute": 9000.0, "platform_engineering": 2880.0, "exit": 120.0, "carbon": None}
    for line, usd in [*lines.items(), ("total", 12_000.0)]:
        s.add(
            "tco", **base, variant="on_demand", allowed=True, line=line, usd=usd,
            low=None if usd is None else usd * 0.8, high=None if usd is None else usd * 1.3,
            share=None if usd is None else usd / 12_000, grade="declared", source="list" + text,
            as_of="2026-10",
            reason="" if usd is not None else "power is unknown" + text,
        )  # fmt: skip
    for kind, factor in (("price", 1.3), ("volume", 0.4), ("quality", None)):
        s.add(
            "flips", **base, kind=kind, key=f"{kind}.{name}", rival=ranked[1] if factor else None, today=2.0,
            flips_at=None if factor is None else 2 * factor, unit="USD", factor=factor,
            distance=None if factor is None else abs(math.log(factor)),
            reason="" if factor else "no such point" + text,
        )  # fmt: skip
        for option, slope in ((ranked[0], -0.2), (ranked[1], 0.0)) if factor else ():
            for at in (0.5, 1.0, 2.0):
                s.add(
                    "flip_lines", workload=name, kind=kind, option=option, factor=at, value=2 * at,
                    score=None if at == 2.0 else 0.6 + slope * at,
                )  # fmt: skip
    for gate, state in (("secrets", "met"), ("support_end", "expired"), ("image_signing", "open")):
        s.add(
            "security_gates", **base, gate=gate, state=state,
            evidence="" if state == "open" else "audit" + text,
            expires=None if state == "open" else "2027-01-01", reason="" if state == "met" else "why" + text,
        )  # fmt: skip
    for plan in ("recommended", "all_gpu"):
        for pool in (name, *(["total"] if name == "support-chat" else [])):
            s.add(
                "plan", plan=plan, pool=pool, accelerator=None if pool == "total" else "h100-sxm",
                environment=None if pool == "total" else "public_cloud", provider="cloud" + text,
                region="eu-1", price_model="on_demand", workloads=name, sharing="", spills_here="",
                accelerators_needed=1.0, accelerators_alone=8.0, accelerators_shared=4.0,
                accelerators_for_fallback=0.0,
                usd_saved_by_sharing=500.0, usd_per_month=900.0, low=800.0, high=1000.0,
                reason="critical" + text,
            )  # fmt: skip


def _undecided(s: Sample, name: str, options: list[str], text: str) -> None:
    for option in options:
        s.add(
            "ranking",
            workload=name,
            option=option,
            pareto=False,
            vetoed=True,
            veto_reason="residency: eu only" + text,
        )
    s.add(
        "decisions",
        workload=name,
        status="all_vetoed",
        share_measured=0.0,
        share_published=0.0,
        share_predicted=0.0,
        share_declared=0.0,
        disagreement="",
        flips_when="an EU offer appears",
        next_step="relax residency or find an offer",
    )
    s.add(
        "placements",
        workload=name,
        environment="none",
        region="none",
        rule="none",
        reason="no option",
        fallback_reason="none",
    )
    _sheet(s, name, "awaiting")


def _sheet(s: Sample, name: str, verdict: str) -> None:
    for role in ROLES:
        s.add(
            "sign_offs",
            workload=name,
            role=role,
            digest=hashlib.sha256(name.encode()).hexdigest(),
            verdict=verdict,
            signed_by="R. Viewer" if verdict == "approved" else None,
            signed_on="2026-11-20" if verdict == "approved" else None,
            comment="",
        )


def _costs(s: Sample, name: str, option: str, phase: str, scale: float, grade: str, text: str) -> None:
    metrics = (
        {
            "usd_per_1k_requests": 0.8,
            "usd_per_1k_successful_actions": 2.6,
            "usd_per_month": 900.0,
            "replicas": 1.0,
        }
        if phase == "inference"
        else {"usd_per_trained_step": 0.00021, "usd_per_month": 12.0}
    )
    for metric, base in metrics.items():
        value = None if metric == "replicas" and scale > 3 else base * scale
        s.add(
            "costs",
            workload=name,
            option=option,
            phase=phase,
            metric=metric,
            value=value,
            low=value * 0.8 if value else None,
            high=value * 1.3 if value else None,
            grade=grade,
            source="price list × rate",
            date=NOW,
            reason="" if value else "no capacity figure" + text,
        )
