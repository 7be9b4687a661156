"""Operational complexity: what must be watched, and how many hours of people it takes."""

from __future__ import annotations

import math
from collections.abc import Mapping

from acceltrial.cost.offers import Offer
from acceltrial.cost.success import Floats
from stages.score.costing import Costing
from stages.score.defaults import PEOPLE
from stages.score.figures import Given
from stages.score.maturity import vendor_only
from stages.score.params import ScoreParams
from stages.score.world import Option

OWN_ENVIRONMENTS = ("private", "edge", "local")


def people_usd(costs: Mapping[str, float] | Mapping[str, Floats]) -> float:
    """USD a month of people's work among cost figures by name."""
    return sum(float(costs.get(f"usd_per_month_{line}", 0.0)) for line in PEOPLE)


def operations(option: Option, costing: Costing, params: ScoreParams) -> Given:
    """The option's points of operational complexity, or why they are not known."""
    replicas = costing.central.get("replicas", 1.0)
    if not costing.known or math.isnan(replicas) or costing.offer is None:
        return Given(reason=f"without a cost neither devices nor people are known: {costing.reason}")
    parts = complexity(option, costing.offer, replicas, costing.central, params)
    value = sum(parts.values())
    told = " + ".join(f"{name} ({part:.2g})" for name, part in parts.items() if part)
    return Given(value, value, value, "declared", told)


def complexity(
    option: Option,
    offer: Offer,
    replicas: float,
    costs: Mapping[str, float] | Mapping[str, Floats],
    params: ScoreParams,
) -> dict[str, float]:
    """The points by what they are for.

    log2(1 + devices), log2(1 + hours of people a month), + 1 each for several devices a replica, for
    hardware that one operates oneself, and for needing a toolchain of its vendor only. The hours are the
    people's lines of the cost ÷ the price of an hour.
    """
    devices = option.row["count"] * replicas
    hours = people_usd(costs) / params.usd_per_engineer_hour.value
    return {
        f"{devices:g} devices": math.log2(1 + devices),
        f"{hours:.3g} hours of people a month": math.log2(1 + hours),
        "several devices a replica": float(option.row["count"] > 1),
        "operated by ourselves": float(offer.environment in OWN_ENVIRONMENTS),
        "vendor's toolchain only": float(vendor_only(option, params)),
    }
