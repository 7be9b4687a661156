from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acceltrial.cost.demand import Demand, billed_replica_hours, rented_accelerators, replicas, utilisation

MONTH_S = 730 * 3600


def test_design_rate_of_service_and_batch() -> None:
    assert Demand(MONTH_S * 2.0, 3.0).design_rps == pytest.approx(6)
    assert Demand(MONTH_S * 2.0, 3.0, batch=True, window_h=6).design_rps == pytest.approx(8)
    assert Demand(MONTH_S * 2.0, 0.1).design_rps == pytest.approx(2)


def test_replicas_by_hand() -> None:
    assert float(replicas(10.0, 4.0, headroom=0.25, minimum=1)) == 4
    assert float(replicas(10.0, 5.0, headroom=0.0, minimum=1)) == 2
    assert float(replicas(0.1, 5.0, headroom=0.5, minimum=2, spares=1)) == 2
    assert float(replicas(10.0, 5.0, headroom=0.0, minimum=2, spares=1)) == 3
    assert math.isnan(float(replicas(1.0, math.nan, headroom=0, minimum=1)))
    assert math.isnan(float(replicas(1.0, 0.0, headroom=0, minimum=1)))


@given(st.floats(0.01, 1e4), st.floats(0.01, 1e3), st.floats(0, 2))
def test_replicas_always_carry_the_peak(rate: float, capacity: float, headroom: float) -> None:
    count = float(replicas(rate, capacity, headroom=headroom, minimum=1))
    assert count * capacity >= rate * (1 + headroom) * (1 - 1e-6)
    assert float(utilisation(rate, capacity, count)) <= 1 + 1e-6


def test_idle_capacity_is_paid_unless_it_can_be_given_back() -> None:
    lazy = Demand(MONTH_S * 0.5, 1.0, always_on=False)
    assert float(billed_replica_hours(lazy, 1.0, 1.0, 1.0, scales_to_zero=True)) == pytest.approx(365)
    assert float(billed_replica_hours(lazy, 1.0, 1.0, 1.0, scales_to_zero=False)) == 730
    assert float(billed_replica_hours(Demand(10.0, 1.0), 1.0, 1.0, 3.0, scales_to_zero=True)) == 2190
    assert (
        float(billed_replica_hours(Demand(10, 1, always_on=False), 1.0, 1.0, 1.0, scales_to_zero=True)) == 1
    )


def test_instances_are_rented_whole() -> None:
    assert float(rented_accelerators(3.0, 1, 8)) == 8
    assert float(rented_accelerators(9.0, 1, 8)) == 16
    assert float(rented_accelerators(1.0, 1, 0.5)) == 1
