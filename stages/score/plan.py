"""The portfolio as pools of rented capacity: what runs where, what shares what, against the all-GPU plan."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from acceltrial.cost.offers import Offer
from acceltrial.decide.draws import interval
from acceltrial.units import HOURS_PER_MONTH
from stages.score.choice import Case, Choice
from stages.score.params import ScoreParams
from stages.score.placing import fallback_of

PLANS: Final = ("recommended", "all_gpu")
_ALONE: Final = "regulated data or mission-critical: instances of its own"


@dataclass(frozen=True)
class _Use:
    """One workload's option in a plan, with the accelerators that its replicas take."""

    choice: Choice
    case: Case
    offer: Offer
    devices: float

    @property
    def shares(self) -> bool:
        """Whether its replicas may share instances: always on, neither regulated nor critical."""
        row, central = self.choice.workload.row, self.case.costing.central
        hours = central.get("billed_replica_hours_per_month")
        always = hours is not None and hours >= 0.999 * central["replicas"] * HOURS_PER_MONTH
        return (
            always
            and row["sensitivity"] != "regulated"
            and self.choice.workload.criticality != "mission_critical"
        )


def plan_rows(choices: Sequence[Choice], params: ScoreParams) -> list[dict[str, Any]]:
    """The rows of Plan: for each plan, one a pool, then one with the totals."""
    rows: list[dict[str, Any]] = []
    for plan in PLANS:
        uses, missing = _uses(choices, plan)
        kept = _kept_for_fallback(choices) if plan == "recommended" else {}
        pools: dict[str, list[_Use]] = defaultdict(list)
        for use in uses:
            pools[use.offer.offer].append(use)
        for offer in {o.offer: o for o in kept.values()}.values():
            pools.setdefault(offer.offer, [])
        offers = {use.offer.offer: use.offer for use in uses} | {o.offer: o for o in kept.values()}
        for name in sorted(pools):
            spills = [choice for choice in choices if kept.get(choice.workload.id) is offers[name]]
            rows.append(_pool(plan, offers[name], pools[name], spills, params))
        rows.append(_total(plan, uses, missing, rows, params))
    return rows


def _uses(choices: Sequence[Choice], plan: str) -> tuple[list[_Use], list[str]]:
    found, missing = [], []
    for choice in choices:
        case = choice.winner if plan == "recommended" else _best_gpu(choice)
        if case is None or case.costing.offer is None:
            missing.append(choice.workload.id)
        else:
            found.append(_Use(choice, case, case.costing.offer, _devices(case)))
    return found, missing


def _best_gpu(choice: Choice) -> Case | None:
    ranked = (choice.kept[i] for i in choice.order)
    return next((case for case in ranked if case.option.accelerator_class == "gpu"), None)


def _devices(case: Case) -> float:
    return float(case.costing.central.get("replicas", 1.0) * case.option.row["count"])


def _kept_for_fallback(choices: Sequence[Choice]) -> dict[str, Offer]:
    """The offer by workload that its fallback's cost was computed with."""
    found = {}
    for choice in choices:
        option, _ = fallback_of(choice)
        case = next((c for c in choice.kept if c.option.id == option), None)
        if case is not None and case.costing.offer is not None:
            found[choice.workload.id] = case.costing.offer
    return found


def _pool(
    plan: str, offer: Offer, uses: Sequence[_Use], spills: Sequence[Choice], params: ScoreParams
) -> dict[str, Any]:
    size = offer.accelerators_per_instance
    shared = [use for use in uses if use.shares]
    alone = sum(_whole(use.devices, size) for use in uses)
    together = sum(_whole(use.devices, size) for use in uses if not use.shares)
    together += _whole(sum(use.devices for use in shared), size)
    spare = sum(_devices(_fallback(choice)) for choice in spills)
    saved = (alone - together) * offer.usd_per_accelerator_hour * HOURS_PER_MONTH
    return {
        "plan": plan, "pool": offer.offer, "accelerator": offer.accelerator, "environment": offer.environment,
        "provider": offer.provider, "region": offer.region, "price_model": offer.price_model,
        "workloads": _names(uses), "sharing": _names(shared) if len(shared) > 1 else "",
        "spills_here": ", ".join(sorted(choice.workload.id for choice in spills)),
        "accelerators_needed": sum(use.devices for use in uses), "accelerators_alone": alone,
        "accelerators_shared": together, "accelerators_for_fallback": spare,
        "usd_saved_by_sharing": saved, **_money(uses, params), "reason": _told(uses),
    }  # fmt: skip


def _fallback(choice: Choice) -> Case:
    option, _ = fallback_of(choice)
    return next(case for case in choice.kept if case.option.id == option)


def _total(
    plan: str,
    uses: Sequence[_Use],
    missing: Sequence[str],
    rows: Sequence[Mapping[str, Any]],
    params: ScoreParams,
) -> dict[str, Any]:
    mine = [row for row in rows if row["plan"] == plan]
    sums = {
        name: float(sum(row[name] for row in mine))
        for name in (
            "accelerators_needed", "accelerators_alone", "accelerators_shared", "accelerators_for_fallback",
            "usd_saved_by_sharing",
        )
    }  # fmt: skip
    what = "nothing to recommend" if plan == "recommended" else "no GPU without a veto"
    reason = f"{what} for {', '.join(missing)}: not in the sum" if missing else ""
    return {
        "plan": plan, "pool": "total", "workloads": _names(uses), "sharing": "", "spills_here": "", **sums,
        **_money(uses, params), "reason": reason,
    }  # fmt: skip


def _money(uses: Sequence[_Use], params: ScoreParams) -> dict[str, float | None]:
    """USD a month of all lines of the workloads, as if none shared, with its 95 % interval."""
    if not uses:
        return {"usd_per_month": 0.0, "low": 0.0, "high": 0.0}
    central = math.fsum(use.case.costing.central["usd_per_month"] for use in uses)
    draws = [
        np.broadcast_to(use.case.costing.draws["usd_per_month"], (params.measurement_draws,)) for use in uses
    ]
    low, high = interval(np.sum(draws, axis=0), central)
    return {"usd_per_month": central, "low": float(low), "high": float(high)}


def _told(uses: Sequence[_Use]) -> str:
    alone = [use for use in uses if not use.shares]
    critical = [use for use in alone if use.choice.workload.criticality == "mission_critical"
                or use.choice.workload.row["sensitivity"] == "regulated"]  # fmt: skip
    given_back = [use for use in alone if use not in critical]
    parts = [f"{_names(critical)}: {_ALONE}" if critical else ""]
    parts.append(f"{_names(given_back)}: capacity is given back between uses" if given_back else "")
    return "; ".join(filter(None, parts))


def _whole(devices: float, size: float) -> float:
    """Accelerators paid for: instances are rented whole."""
    return math.ceil(devices / size - 1e-9) * size


def _names(uses: Sequence[_Use]) -> str:
    return ", ".join(sorted(use.choice.workload.id for use in uses))
