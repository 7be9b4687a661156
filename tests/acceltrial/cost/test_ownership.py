from __future__ import annotations

import math
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from acceltrial.cost.ownership import (
    CostLine,
    line_usd_month,
    owned_parts_usd_month,
    owned_usd_per_hour,
    power_usd_month,
)
from acceltrial.units import HOURS_PER_MONTH


def line(basis: str, **over: object) -> CostLine:
    base = {"basis": basis, "value": 10, "low": 5, "high": 20, "source": "s", "as_of": date(2026, 1, 1)}
    return CostLine.model_validate({**base, **over})


@pytest.mark.parametrize(
    ("basis", "usd"),
    [
        ("workload_month", 10),
        ("replica_month", 30),
        ("new_class_month", 10),
        ("new_class_once", 0.5),
        ("gb_out", 70),
    ],
)
def test_every_basis(basis: str, usd: float) -> None:
    got = line_usd_month(line(basis), 10, replicas=3, new_class=True, gb_out=7, horizon_months=20)
    assert float(got) == pytest.approx(usd)


def test_a_class_in_use_costs_nothing_new() -> None:
    for basis in ("new_class_month", "new_class_once"):
        got = line_usd_month(line(basis), 10, replicas=3, new_class=False, gb_out=0, horizon_months=20)
        assert float(got) == 0


@pytest.mark.parametrize(
    "bad", [{"low": 11}, {"high": 9}, {"value": -1, "low": -2}, {"value": math.nan}, {"source": ""}]
)
def test_lines_need_order_and_a_source(bad: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        line("workload_month", **bad)


def test_power_by_hand() -> None:
    assert float(power_usd_month(1000, 0.2, 1.5)) == pytest.approx(219)


def test_annuity_against_its_definition() -> None:
    hourly = owned_usd_per_hour(30_000, 3_000, 4, 0.08)
    yearly = hourly * 8760
    present = sum(yearly / 1.08**year for year in range(1, 5)) + 3_000 / 1.08**4
    assert present == pytest.approx(30_000)
    assert owned_usd_per_hour(8760, 0, 1, 0) == pytest.approx(1)
    assert owned_usd_per_hour(8760, 0, 1, 0, powered_share=0.5) == pytest.approx(2)


@pytest.mark.parametrize("bad", [(-1, 0, 1, 0), (1, 0, 0, 0), (1, 0, 1, -0.1)])
def test_nonsense_is_refused(bad: tuple[float, float, float, float]) -> None:
    with pytest.raises(ValueError, match="must"):
        owned_usd_per_hour(*bad)


@given(st.floats(1, 1e6), st.floats(0, 0.9), st.floats(0.5, 15), st.floats(0, 0.3))
def test_amortisation_and_capital_make_up_the_annuity(
    purchase: float, residual: float, years: float, rate: float
) -> None:
    parts = owned_parts_usd_month(purchase, residual, years, rate)
    hourly = owned_usd_per_hour(purchase, purchase * residual, years, rate)
    assert float(sum(parts)) == pytest.approx(hourly * HOURS_PER_MONTH, rel=1e-4)
    assert float(parts[1]) >= 0
