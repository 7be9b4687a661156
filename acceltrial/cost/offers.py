"""Offers of an accelerator: which a workload may use, and which costs least for its month."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Environment = Literal["public_cloud", "private", "edge", "local"]


@dataclass(frozen=True, slots=True)
class Offer:
    """One price of one accelerator in one place. `as_of`, `grade` and `source` say what it rests on."""

    offer: str
    accelerator: str
    provider: str
    region: str
    residency: str
    environment: str
    accelerators_per_instance: float
    price_model: str
    usd_per_accelerator_hour: float
    grade: str
    source: str
    as_of: str


def resides(workload_residency: str, offer_residency: str) -> bool:
    """Whether data bound to `workload_residency` (`any`, or groups joined by commas) may go there.

    An offer of residency `any` can be had in every region, so it can be had in the right one.
    """
    if workload_residency == "any" or offer_residency == "any":
        return True
    return bool(set(workload_residency.split(",")) & set(offer_residency.split(",")))


def cheapest(
    offers: Iterable[tuple[Offer, int]], *, replicas: float, accelerators_per_replica: float
) -> Offer | None:
    """The offer that costs least for the month among those of the highest preference.

    Whole instances are paid: ⌈n c / k⌉ k accelerators. Equal costs fall to the first id.

    Args:
        offers: admissible offers, each with its preference (higher goes first).
        replicas: replicas to rent for; one where it is unknown.
        accelerators_per_replica: accelerators that one replica uses.
    """
    devices = replicas * accelerators_per_replica if math.isfinite(replicas) else accelerators_per_replica

    def key(item: tuple[Offer, int]) -> tuple[float, float, str]:
        offer, preference = item
        rented = math.ceil(devices / offer.accelerators_per_instance - 1e-9) * offer.accelerators_per_instance
        return (-preference, rented * offer.usd_per_accelerator_hour, offer.offer)

    best = min(offers, key=key, default=None)
    return None if best is None else best[0]
