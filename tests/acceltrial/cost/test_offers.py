from __future__ import annotations

import pytest

from acceltrial.cost.offers import Offer, cheapest, resides


def offer(name: str, usd: float, per_instance: float = 1, residency: str = "eu") -> Offer:
    return Offer(
        name, "a", "p", "r", residency, "public_cloud", per_instance, "on_demand", usd, "published", "s", ""
    )


@pytest.mark.parametrize(
    ("workload", "place", "allowed"),
    [("any", "us", True), ("eu", "any", True), ("eu,us", "us", True), ("eu", "us", False),
     ("eu", "unspecified", False), ("any", "unspecified", True)],
)  # fmt: skip
def test_residency(workload: str, place: str, allowed: bool) -> None:
    assert resides(workload, place) is allowed


def test_whole_instances_decide_what_is_cheapest() -> None:
    whole, single = offer("whole", 1.0, 8), offer("single", 3.0)
    assert cheapest([(whole, 0), (single, 0)], replicas=1, accelerators_per_replica=1) is single
    assert cheapest([(whole, 0), (single, 0)], replicas=8, accelerators_per_replica=1) is whole


def test_preference_goes_before_price_and_names_break_ties() -> None:
    a, b = offer("a", 1.0), offer("b", 1.0)
    assert cheapest([(b, 0), (a, 0)], replicas=1, accelerators_per_replica=1) is a
    assert cheapest([(a, 0), (b, 1)], replicas=1, accelerators_per_replica=1) is b
    assert cheapest([], replicas=1, accelerators_per_replica=1) is None
