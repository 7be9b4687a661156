from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from stages.score.costing import INFERENCE_UNIT, cost_at


def case_of(rows: Any, chooser: Callable[..., Any], option: str) -> Any:
    made = chooser(rows)
    choice = made.choose(made.world.workloads[0])
    return made, choice, next(case for case in choice.cases if case.option.id == option)


def test_cost_by_hand(rows: Any, chooser: Callable[..., Any]) -> None:
    _, _, case = case_of(rows, chooser, "gpu-a-x1-bf16")
    central = case.costing.central
    assert case.costing.offer.offer == "a-eu"
    assert central["replicas"] == 1  # 0.76 requests/s, peak fourfold, headroom a quarter: below 40
    assert central["usd_per_month_compute"] == pytest.approx(730 * 2.0)
    assert central["usd_per_month"] == pytest.approx(730 * 2 + 120 + 8 + 8)  # people, pages, storage


def test_every_line_is_within_its_draws(rows: Any, chooser: Callable[..., Any]) -> None:
    _, _, case = case_of(rows, chooser, "local-q4")
    draws = case.costing.draws[INFERENCE_UNIT]
    assert draws.min() < case.costing.central[INFERENCE_UNIT] < draws.max()
    assert sum(case.costing.shares.values()) == pytest.approx(1)
    assert case.costing.grade == "declared"


def test_whole_instances_make_a_single_device_offer_cheaper(rows: Any, chooser: Callable[..., Any]) -> None:
    big = {
        **rows["prices"][0],
        "price": "a-big",
        "usd_per_accelerator_hour": 1.0,
        "accelerators_per_instance": 8.0,
    }
    rows["prices"].append(big)
    assert case_of(rows, chooser, "gpu-a-x1-bf16")[2].costing.offer.offer == "a-eu"


def test_cost_at_factors(rows: Any, chooser: Callable[..., Any]) -> None:
    made, choice, case = case_of(rows, chooser, "gpu-a-x1-bf16")

    def at(**factors: float) -> float:
        return cost_at(
            choice.workload,
            case.option,
            case.figures,
            case.costing.offer,
            case.admission,
            made.params,
            case.new_class,
            **factors,
        ).usd_per_unit

    assert at() == pytest.approx(case.costing.central[INFERENCE_UNIT])
    assert at(price=2.0) > at()
    assert at(volume=2.0) < at()  # the same replica carries twice the requests


def test_owned_hardware_of_unknown_power_has_no_cost(rows: Any, chooser: Callable[..., Any]) -> None:
    rows["accelerators"][0]["tdp_w"] = None
    rows["prices"] = [{**rows["prices"][0], "model": "owned", "environment": "private"}]
    _, _, case = case_of(rows, chooser, "gpu-a-x1-bf16")
    assert "power of owned hardware" in case.costing.reason


def test_an_achieved_rate_stands_in_for_an_unknown_capacity(rows: Any, chooser: Callable[..., Any]) -> None:
    for row in rows["measurements"]:
        if row["metric"] == "capacity_rps":
            row.update(metric="requests_per_s", statistic="mean")
    _, _, case = case_of(rows, chooser, "gpu-a-x1-bf16")
    assert "lower bound" in case.costing.source
