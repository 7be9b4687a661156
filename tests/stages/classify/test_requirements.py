from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from schemas.base import CRITICALITIES
from stages.classify.requirements import requirements

Make = Callable[..., dict[str, Any]]


def _names(workload: dict[str, Any], **classes: str) -> str:
    given = {
        "criticality": "exploratory",
        "stability": "stable",
        "shape": "steady",
        "phase": "inference",
        **classes,
    }
    return "\n".join(row["requirement"] for row in requirements(workload, given))


def test_each_bucket_asks_for_what_it_needs(workload: Make) -> None:
    mission = _names(workload(), criticality="mission_critical")
    assert "at least 2 independent replicas" in mission
    assert all(word in mission for word in ("rollback plan", "observability", "canary"))
    customer = _names(workload(), criticality="customer_facing")
    assert all(word in customer for word in ("latency", "reproducibility", "canary"))
    assert "flexibility" in _names(workload())


@pytest.mark.parametrize("bucket", CRITICALITIES)
def test_traits_add_to_any_bucket(workload: Make, bucket: str) -> None:
    found = _names(
        workload(residency="eu,us", sensitivity="regulated", power_budget_w=2.5),
        criticality=bucket, stability="changing", shape="bursty", phase="training",
    )  # fmt: skip
    assert all(
        w in found
        for w in ("eu, us", "isolation", "audit", "2.5 W", "portability", "elasticity", "checkpoints")
    )
