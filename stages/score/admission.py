"""Which offers a workload may use for an option: residency first, then the rules."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from acceltrial.cost.offers import Offer, resides
from acceltrial.errors import ConfigurationError
from acceltrial.policy.expression import Fields
from acceltrial.policy.judge import Judge, Judgement, run_cases
from acceltrial.policy.rules import RuleSet, load_rules
from stages.score.world import Option, Workload, World, target_offer

SHIPPED_RULES: Final = Path(__file__).with_name("placement_rules.yaml")
FIELDS: Final[Fields] = {
    "workload": frozenset(
        (
            "id", "kind", "phase", "criticality", "family", "shape", "stability", "sensitivity", "residency",
            "always_on", "event_driven", "streaming", "model", "actions_per_month", "requests_per_month",
            "slo_ttft_ms", "slo_e2e_ms",
        )
    ),
    "option": frozenset(
        (
            "id", "kind", "accelerator", "accelerator_class", "family", "vendor", "precision", "count",
            "availability", "margin",
        )
    ),
    "environment": frozenset(("kind", "region", "residency", "provider", "price_model")),
}  # fmt: skip


@dataclass(frozen=True)
class Admission:
    """The offers of one option that are allowed, with their preference, and why the others are not.

    Attributes:
        allowed: each with the number of `prefer` rules that hold.
        judgements: by offer id, of the allowed offers.
        refusal: why nothing is allowed, or an empty text.
        unpriced: whether there is no price at all.
    """

    allowed: list[tuple[Offer, int]]
    judgements: dict[str, Judgement]
    refusal: str
    unpriced: bool


@dataclass
class Gate:
    """Applies residency and rules, and counts every verdict."""

    rules: RuleSet
    log: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)
    conflicts: Counter[tuple[str, str]] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._judge = Judge(self.rules)

    def admit(self, world: World, workload: Workload, option: Option) -> Admission:
        """The allowed offers of the option for the workload."""
        own = target_offer(option)
        offers = [own] if own else world.offers.get(option.row["accelerator"] or "", [])
        if not offers:
            where = "targets.yaml" if option.is_target else "the price table"
            return Admission([], {}, f"unknown price: {where} has no price of it", unpriced=True)
        near = [offer for offer in offers if resides(workload.row["residency"], offer.residency)]
        if not near:
            had = ", ".join(sorted({offer.residency for offer in offers}))
            refusal = f"residency: data must stay in {workload.row['residency']}, offers are in {had}"
            return Admission([], {}, refusal, unpriced=False)
        judged = [(offer, self._judged(workload, option, offer)) for offer in near]
        allowed = [(offer, len(j.preferences)) for offer, j in judged if j.allowed]
        refusal = "" if allowed else _policy_refusal([j for _, j in judged])
        return Admission(
            allowed, {offer.offer: j for offer, j in judged if j.allowed}, refusal, unpriced=False
        )

    def _judged(self, workload: Workload, option: Option, offer: Offer) -> Judgement:
        judgement = self._judge.judge(values(workload, option, offer))
        for verdict in judgement.verdicts:
            detail = verdict.detail if verdict.outcome != "pass" else ""
            self.log[workload.id, verdict.rule, verdict.outcome, detail] += 1
        if judgement.conflict:
            self.conflicts[workload.id, judgement.conflict] += 1
        return judgement


def rules_path(portfolio: Path) -> Path:
    """The portfolio's policy.yaml where there is one, else the shipped rules."""
    own = portfolio / "policy.yaml"
    return own if own.is_file() else SHIPPED_RULES


def explained(world: World, workload: Workload, option: Option, portfolio: Path) -> dict[str, Any]:
    """Every rule's verdict on each of the option's offers, whether residency lets it be judged or not.

    Raises as `rules_for`.
    """
    gate, own = Gate(rules_for(portfolio)), target_offer(option)
    offers = [own] if own else world.offers.get(option.row["accelerator"] or "", [])
    judge, home = Judge(gate.rules), workload.row["residency"]
    found = []
    for offer in offers:
        judgement, stays = judge.judge(values(workload, option, offer)), resides(home, offer.residency)
        found.append(
            {
                "offer": offer.offer,
                "provider": offer.provider,
                "region": offer.region,
                "price_model": offer.price_model,
                "allowed": judgement.allowed and stays,
                "residency_refusal": ""
                if stays
                else f"data must stay in {home}, this is in {offer.residency}",
                "conflict": judgement.conflict,
                "verdicts": [
                    {"rule": v.rule, "outcome": v.outcome, "detail": v.detail} for v in judgement.verdicts
                ],
            }
        )
    summary = gate.admit(world, workload, option).refusal or (
        f"{sum(bool(offer['allowed']) for offer in found)} of {len(found)} offers are allowed"
    )
    return {
        "workload": workload.id, "option": option.id, "rules": gate.rules.source, "summary": summary,
        "offers": found,
    }  # fmt: skip


def rules_for(portfolio: Path) -> RuleSet:
    """The portfolio's policy.yaml where there is one, else the shipped rules; their own tests must pass.

    Raises:
        ConfigurationError: a rule or one of the file's tests is wrong.
        StorageError: the file cannot be read.
    """
    path = rules_path(portfolio)
    rules = load_rules(path, FIELDS)
    failures = run_cases(rules)
    if failures:
        raise ConfigurationError(
            f"the rule set fails its own tests: {'; '.join(failures[:3])}",
            where=path.name,
            remedy="correct the rules or the tests in the file",
            details={"failures": failures},
        )
    return rules


def values(workload: Workload, option: Option, offer: Offer) -> dict[str, dict[str, Any]]:
    """What the rules may read of one case."""
    row, bucket = workload.row, workload.bucket
    return {
        "workload": {
            "id": workload.id,
            "kind": row["kind"],
            "phase": row["phase"],
            "criticality": workload.criticality,
            "family": bucket.get("family") or "unknown",
            "shape": bucket.get("shape") or row["declared_shape"] or "unknown",
            "stability": workload.stability,
            "sensitivity": row["sensitivity"],
            "residency": row["residency"].split(","),
            "always_on": row["always_on"],
            "event_driven": row["event_driven"],
            "streaming": row["streaming"],
            "model": row["model"],
            "actions_per_month": row["actions_per_month"],
            "requests_per_month": row["actions_per_month"] * row["requests_per_action"],
            "slo_ttft_ms": row["slo_ttft_ms"],
            "slo_e2e_ms": row["slo_e2e_ms"],
        },
        "option": {
            "id": option.id,
            "kind": option.row["option_kind"],
            "accelerator": option.row["accelerator"] or "",
            "accelerator_class": option.accelerator_class,
            "family": option.family,
            "vendor": option.accelerator.get("vendor") or "",
            "precision": option.row["precision"],
            "count": option.row["count"],
            "availability": option.accelerator.get("availability") or "",
            "margin": option.row["margin"],
        },
        "environment": {
            "kind": offer.environment,
            "region": offer.region,
            "residency": offer.residency,
            "provider": offer.provider,
            "price_model": offer.price_model,
        },
    }


def _policy_refusal(judgements: list[Judgement]) -> str:
    seen: dict[str, str] = {}
    for judgement in judgements:
        for verdict in judgement.denials:
            seen.setdefault(verdict.rule, verdict.detail)
    return "policy " + "; ".join(f"{rule}: {reason}" for rule, reason in sorted(seen.items()))
