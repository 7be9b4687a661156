from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from stages.score.params import ScoreParams
from stages.score.world import build_world, target_offer


def test_demand_takes_the_volume_as_declared_and_the_peak_from_the_trace(
    rows: Any, build: Callable[..., Any]
) -> None:
    world = build_world(build(rows))
    chat = world.workloads[0]
    assert chat.demand(ScoreParams()).requests == 2_000_000
    assert chat.demand(ScoreParams()).peak_to_mean == 4.0
    assert chat.demand(ScoreParams(), volume=3).requests == 6_000_000


def test_exploratory_work_need_not_stand_ready(rows: Any, build: Callable[..., Any]) -> None:
    ready = {w.id: w.always_ready for w in build_world(build(rows)).workloads}
    assert ready == {"chat": True, "lab": False, "tune": False}


def test_who_waits_for_the_whole_answer_sees_no_first_token(rows: Any, build: Callable[..., Any]) -> None:
    rows["workloads"][0]["slo_ttft_ms"] = 100.0
    assert build_world(build(rows)).workloads[0].targets_ms == {"e2e_ms": 2000.0}
    rows["workloads"][0]["streaming"] = True
    assert set(build_world(build(rows)).workloads[0].targets_ms) == {"ttft_ms", "e2e_ms"}


def test_a_targets_price_is_of_the_whole_target(rows: Any, build: Callable[..., Any]) -> None:
    for row in rows["candidates"]:
        if row["option"] == "local-q4":
            row["count"] = 2
    world = build_world(build(rows))
    local = next(o for o in world.options["chat"] if o.id == "local-q4")
    offer = target_offer(local)
    assert offer is not None
    assert offer.usd_per_accelerator_hour * 2 == pytest.approx(0.1)
    assert offer.accelerators_per_instance == 2
