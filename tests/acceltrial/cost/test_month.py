from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acceltrial.cost.demand import Demand
from acceltrial.cost.month import Service, Terms, monthly, training_month
from acceltrial.cost.ownership import CostLine

LINE = CostLine(basis="workload_month", value=100, low=50, high=200, source="s", as_of=date(2026, 1, 1))
TERMS = Terms(
    usd_per_accelerator_hour=2.0, accelerators_per_replica=1, accelerators_per_instance=1, headroom=0.0,
    minimum_replicas=1, spares=0, max_retries=0, requests_per_action=2.0, compounds=True, output_tokens=50,
    gb_out=0.0, horizon_months=24, pays_power=False, scales_to_zero=False, new_class=False, usd_per_kwh=0.2,
    pue=1.5, lines={"people": (LINE, 100.0)},
)  # fmt: skip
DEMAND = Demand(requests=2_628_000.0, peak_to_mean=3.0)  # one a second
SERVICE = Service(capacity_rps=2.0, failure_rate=0.1, on_time_share=0.9, correct_share=0.8)


def figures(service: Service = SERVICE, demand: Demand = DEMAND, **over: Any) -> dict[str, float]:
    return {name: float(value) for name, value in monthly(demand, service, replace(TERMS, **over)).items()}


def test_a_month_by_hand() -> None:
    got = figures()
    assert got["replicas"] == 2
    assert got["usd_per_month_compute"] == pytest.approx(2 * 730 * 2)
    assert got["usd_per_month"] == pytest.approx(2920 + 100)
    assert got["usd_per_1k_requests"] == pytest.approx(3020 / 2628)
    success = 0.9**2 * 0.9 * 0.8
    assert got["successful_action_share"] == pytest.approx(success)
    assert got["usd_per_1k_successful_actions"] == pytest.approx(3020 / 1314 / success)
    assert got["usd_per_million_output_tokens"] == pytest.approx(3020 / (2.628 * 50))
    assert got["utilisation"] == pytest.approx(0.25)


def test_owned_hardware_pays_power_and_an_unknown_wattage_leaves_the_total_unknown() -> None:
    owned = figures(replace(SERVICE, watts=500.0), pays_power=True)
    assert owned["usd_per_month_power"] == pytest.approx(2 * 0.5 * 730 * 1.5 * 0.2)
    assert np.isnan(figures(pays_power=True)["usd_per_month"])


def test_whole_instances_are_paid() -> None:
    assert figures(accelerators_per_instance=8)["usd_per_month_compute"] == pytest.approx(8 * 730 * 2)


worse = st.sampled_from(["failure_rate", "on_time_share", "correct_share", "capacity_rps"])


@given(worse, st.floats(0.05, 0.95))
def test_worse_service_never_costs_less_per_success(name: str, factor: float) -> None:
    better = getattr(SERVICE, name)
    value = better + (1 - better) * factor if name == "failure_rate" else better * factor
    metric = "usd_per_1k_successful_actions"
    assert figures(replace(SERVICE, **{name: value}))[metric] >= figures()[metric] - 1e-12


@given(st.floats(1, 50))
def test_a_dearer_price_never_costs_less(factor: float) -> None:
    got = figures(usd_per_accelerator_hour=2.0 * factor)
    assert got["usd_per_1k_requests"] >= figures()["usd_per_1k_requests"]


def test_draws_broadcast() -> None:
    got = monthly(DEMAND, replace(SERVICE, capacity_rps=np.array([1.0, 2.0, 40.0])), TERMS)
    assert got["replicas"].tolist() == [3, 2, 1]
    assert got["usd_per_month"].shape == (3,)


def test_training_by_hand() -> None:
    terms = replace(TERMS, scales_to_zero=True)
    got = {k: float(v) for k, v in training_month(3600.0, 2.0, 0.5, 0.75, terms, np.nan).items()}
    assert got["training_hours_per_month"] == pytest.approx(2 * 1.5 / 0.75)
    assert got["usd_per_month"] == pytest.approx(4 * 2 + 100)
    assert got["usd_per_trained_step"] == pytest.approx(108 / 3600)
    owned = training_month(3600.0, 2.0, 0.0, 1.0, TERMS, np.nan)
    assert float(owned["usd_per_month_compute"]) == pytest.approx(730 * 2)
