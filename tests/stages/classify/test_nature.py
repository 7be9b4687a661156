from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from stages.classify.nature import family_ruling, phase_ruling, stability_ruling
from stages.classify.params import ClassifyParams

Make = Callable[..., dict[str, Any]]
P = ClassifyParams()


@pytest.mark.parametrize(
    ("changes", "declared", "decided", "agreement"),
    [(0.0, "frozen", "frozen", "agree"), (4.0, "changing", "stable", "disagree"),
     (12.0, None, "changing", "observed_only"), (None, "stable", "stable", "declared_only"),
     (None, None, "unknown", "default")],
)  # fmt: skip
def test_stability(
    workload: Make, changes: float | None, declared: str | None, decided: str, agreement: str
) -> None:
    ruling = stability_ruling(workload(model_changes_per_year=changes, declared_stability=declared), P)
    assert (ruling.decided, ruling.agreement) == (decided, agreement)


def test_agents_and_events_are_families_of_their_own(workload: Make, model: Make) -> None:
    assert family_ruling(workload(kind="agent"), model(family="moe_llm")).decided == "agentic_orchestrator"
    assert family_ruling(workload(kind="sensor"), model(family="spiking")).decided == "event_driven_sensor"
    assert family_ruling(workload(), model()).decided == "dense_llm"


def test_a_model_that_does_not_fit_the_kind_is_told(workload: Make, model: Make) -> None:
    ruling = family_ruling(workload(kind="reranker"), model(family="spiking"))
    assert ruling.agreement == "disagree"
    assert "unusual" in ruling.evidence


def test_phase_against_kind(workload: Make) -> None:
    assert phase_ruling(workload()).agreement == "agree"
    assert phase_ruling(workload(phase="training")).agreement == "disagree"
