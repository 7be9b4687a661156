from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from stages.classify.criticality import criticality_ruling, inferred_criticality
from stages.classify.params import ClassifyParams

Make = Callable[..., dict[str, Any]]
P = ClassifyParams()
QUIET = {"slo_ttft_ms": None, "slo_tpot_ms": None, "slo_e2e_ms": None}


@pytest.mark.parametrize(
    ("changes", "bucket", "rule"),
    [
        ({"kind": "sandbox"}, "exploratory", "criticality.sandbox"),
        ({"sensitivity": "regulated", "slo_percentile": 99.0}, "mission_critical",
         "criticality.regulated-strict"),
        ({"sensitivity": "regulated", "success_rate_floor": 0.995}, "mission_critical",
         "criticality.regulated-strict"),
        ({"sensitivity": "confidential", "action_value_usd": 90.0, "always_on": True}, "mission_critical",
         "criticality.value-at-stake"),
        ({}, "customer_facing", "criticality.interactive-volume"),
        ({"kind": "batch", "deadline_h": 8.0, **QUIET}, "customer_facing", "criticality.deadline"),
        ({"kind": "batch", "deadline_h": 72.0, **QUIET}, "exploratory", "criticality.nobody-waits"),
        ({"always_on": True, **QUIET}, "customer_facing", "criticality.always-on"),
        ({"kind": "training", "phase": "training", "deadline_h": 8.0}, "exploratory",
         "criticality.nobody-waits"),
        ({"actions_per_month": 10.0}, "exploratory", "criticality.nobody-waits"),
    ],
)  # fmt: skip
def test_each_rule(workload: Make, changes: dict[str, Any], bucket: str, rule: str) -> None:
    found = inferred_criticality(workload(**changes), P)
    assert (found.value, found.rule) == (bucket, rule)
    assert found.evidence


def test_the_stricter_counts_and_the_difference_is_told(workload: Make) -> None:
    low = criticality_ruling(workload(declared_criticality="exploratory"), P)
    high = criticality_ruling(workload(declared_criticality="mission_critical"), P)
    assert (low.decided, low.agreement) == ("customer_facing", "disagree")
    assert (high.decided, high.agreement) == ("mission_critical", "disagree")
    assert low.note
    assert criticality_ruling(workload(declared_criticality="customer_facing"), P).agreement == "agree"
    assert criticality_ruling(workload(), P).agreement == "observed_only"


def test_the_owner_counts_where_the_parameter_says_so(workload: Make) -> None:
    params = ClassifyParams(criticality_conflict="declared")
    ruling = criticality_ruling(workload(declared_criticality="exploratory"), params)
    assert (ruling.decided, ruling.rule) == ("exploratory", "criticality.declared")
