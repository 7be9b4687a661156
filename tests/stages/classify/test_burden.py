from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from acceltrial.traces import TraceStats
from stages.classify.burden import COSTS, PAINS, cost_ruling, pain_ruling, recognise

Make = Callable[..., dict[str, Any]]


@pytest.mark.parametrize(
    ("text", "known"),
    [("GPUs that idle at night", "idle_capacity"), ("capacity held back for bursts", "peak_capacity"),
     ("prefill_compute", "prefill_compute"), ("the rent", None), ("<script>", None)],
)  # fmt: skip
def test_prose_is_recognised_or_left_alone(text: str, known: str | None) -> None:
    assert recognise(text, COSTS) == known


def test_costs_follow_kind_volume_and_lengths(workload: Make, steady: TraceStats, bursty: TraceStats) -> None:
    assert cost_ruling(workload(phase="training"), steady, 5.0).decided == "training_compute"
    assert cost_ruling(workload(power_budget_w=3.0), steady, 5.0).decided == "energy"
    assert cost_ruling(workload(), steady, 0.01).decided == "idle_capacity"
    assert cost_ruling(workload(), bursty, 5.0).decided == "peak_capacity"
    assert cost_ruling(workload(), steady, 5.0).decided == "decode_time"
    assert cost_ruling(workload(), replace(steady, prefix_share=0.6), 5.0).decided == "repeated_context"
    assert cost_ruling(workload(), None, None).decided == "idle_capacity"


def test_the_owners_words_stay_and_near_words_do_not_disagree(workload: Make, steady: TraceStats) -> None:
    far = cost_ruling(workload(declared_biggest_cost="GPUs idle at night"), steady, 5.0)
    assert (far.decided, far.agreement) == ("GPUs idle at night", "disagree")
    unknown = cost_ruling(workload(declared_biggest_cost="the rent"), steady, 5.0)
    assert (unknown.decided, unknown.agreement) == ("the rent", "declared_only")
    near = pain_ruling(workload(declared_biggest_pain="answers are slow"), "customer_facing")
    assert near.agreement == "agree"


def test_pains(workload: Make) -> None:
    quiet = {"slo_ttft_ms": None, "slo_tpot_ms": None}
    assert pain_ruling(workload(), "mission_critical").decided == "outage"
    assert pain_ruling(workload(), "exploratory").decided == "friction"
    assert pain_ruling(workload(), "customer_facing").decided == "first_token"
    assert pain_ruling(workload(slo_ttft_ms=3000.0), "customer_facing").decided == "slow_stream"
    assert pain_ruling(workload(streaming=False), "customer_facing").decided == "slow_answer"
    assert pain_ruling(workload(deadline_h=8.0, **quiet), "customer_facing").decided == "late_result"
    assert set(PAINS) >= {"outage", "friction", "first_token", "slow_stream", "slow_answer", "late_result"}
