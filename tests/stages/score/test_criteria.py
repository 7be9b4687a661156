from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from schemas.decision import CRITERIA
from stages.score.criteria import axes_of, utilities_of_given, utility_draws
from stages.score.figures import Given
from stages.score.params import ScoreParams
from stages.score.world import build_world


def axes(rows: Any, build: Callable[..., Any], name: str) -> dict[str, Any]:
    workload = next(w for w in build_world(build(rows)).workloads if w.id == name)
    return {axis.criterion.name: axis for axis in axes_of(workload, ScoreParams())}


def test_bounds_follow_the_workload_and_no_option(rows: Any, build: Callable[..., Any]) -> None:
    chat = axes(rows, build, "chat")
    assert list(chat) == CRITERIA
    cost = chat["cost_per_throughput"].criterion
    assert (cost.best, cost.worst) == pytest.approx((0.5, 150.0))
    rows["candidates"] = []
    assert axes(rows, build, "chat") == chat


def test_without_worth_or_target_other_bounds_hold(rows: Any, build: Callable[..., Any]) -> None:
    rows["workloads"][0].update(action_value_usd=None, slo_e2e_ms=None, power_budget_w=2.0)
    chat = axes(rows, build, "chat")
    assert chat["cost_per_throughput"].criterion.worst == 100
    assert chat["latency"].unit == "ms"
    assert chat["power"].criterion.worst == 2.0
    assert axes(rows, build, "tune")["cost_per_throughput"].unit == "USD per trained step"


def test_unknown_is_drawn_anywhere_but_no_success_is_worth_nothing(
    rows: Any, build: Callable[..., Any]
) -> None:
    world = build_world(build(rows))
    found = axes_of(world.workloads[0], ScoreParams())
    assert np.isnan(utilities_of_given([(Given(),) * len(CRITERIA)], found)).all()
    raw = np.full((500, 1, len(CRITERIA)), np.nan)
    raw[:250, 0, 0] = 1.0
    drawn = utility_draws(world.workloads[0], ["o"], raw, found, ScoreParams())
    assert drawn[250:, 0, 0].max() == 0
    assert drawn[:, 0, 1].mean() == pytest.approx(0.5, abs=0.05)
    assert drawn.min() >= 0
    assert drawn.max() <= 1
