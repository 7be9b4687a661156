"""Total cost of ownership: the lines beside the accelerator's own price."""

from __future__ import annotations

import math
from datetime import date
from typing import Literal, Self

import numpy as np
from numpy.typing import ArrayLike
from pydantic import BaseModel, ConfigDict, Field, model_validator

from acceltrial.cost.success import Floats
from acceltrial.units import HOURS_PER_MONTH


class Assumption(BaseModel):
    """A declared figure with its range (taken as a 95 % interval), source and date."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    value: float = Field(ge=0, allow_inf_nan=False)
    low: float = Field(ge=0, allow_inf_nan=False)
    high: float = Field(ge=0, allow_inf_nan=False)
    source: str = Field(min_length=1)
    as_of: date

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.low <= self.value <= self.high:
            raise ValueError(f"low ≤ value ≤ high is broken: {self.low}, {self.value}, {self.high}")
        return self


class CostLine(Assumption):
    """One line of the total cost, in USD by its basis.

    Bases: `workload_month` each month; `replica_month` each replica and month; `new_class_month`
    and `new_class_once` only for an accelerator class that the company does not run yet, the latter
    spread over the horizon; `gb_out` each GB that leaves the cloud.
    """

    basis: Literal["workload_month", "replica_month", "new_class_month", "new_class_once", "gb_out"]


def line_usd_month(
    line: CostLine,
    amount: ArrayLike,
    *,
    replicas: ArrayLike,
    new_class: bool,
    gb_out: float,
    horizon_months: float,
) -> Floats:
    """USD a month of one line, `amount` being its value or draws of it."""
    usd = np.asarray(amount, dtype=np.float64)
    if line.basis == "replica_month":
        return np.asarray(usd * np.asarray(replicas))
    factor = {
        "workload_month": 1.0,
        "new_class_month": float(new_class),
        "new_class_once": float(new_class) / horizon_months,
        "gb_out": gb_out,
    }[line.basis]
    return np.asarray(usd * factor)


def power_usd_month(watts: ArrayLike, usd_per_kwh: ArrayLike, pue: ArrayLike) -> Floats:
    """USD a month for power that one pays oneself: W / 1000 · 730 h · PUE · USD/kWh."""
    return np.asarray(
        np.asarray(watts) / 1000 * HOURS_PER_MONTH * np.asarray(pue) * np.asarray(usd_per_kwh),
        dtype=np.float64,
    )


def owned_parts_usd_month(
    purchase_usd: ArrayLike, residual_share: ArrayLike, years: float, capital_rate: ArrayLike
) -> tuple[Floats, Floats]:
    """USD a month of one owned device: straight-line amortisation, and what the capital costs on top.

    Amortisation is (P - R) / (12 n); with it the cost of capital makes up the annuity of
    `owned_usd_per_hour`. Arrays of draws are taken.
    """
    price = np.asarray(purchase_usd, dtype=np.float64)
    residual = price * np.clip(np.asarray(residual_share, dtype=np.float64), 0.0, 1.0)
    rate = np.maximum(np.asarray(capital_rate, dtype=np.float64), 1e-9)
    discount = np.power(1 + rate, -years)
    annuity = (price - residual * discount) * rate / (1 - discount) / 12
    amortisation = np.asarray((price - residual) / (12 * years))
    return amortisation, np.asarray(np.maximum(annuity - amortisation, 0.0))


def owned_usd_per_hour(
    purchase_usd: float, residual_usd: float, years: float, capital_rate: float, powered_share: float = 1.0
) -> float:
    """USD an hour of owned hardware: the annuity of price less residual value, over the hours it is powered.

    a = (P - R·(1+i)^-n) · i / (1 - (1+i)^-n) a year, and (P - R)/n at i = 0 (annuity-immediate).

    Raises:
        ValueError: a figure is negative, or years or powered share are not positive.
    """
    if min(purchase_usd, residual_usd, capital_rate) < 0 or years <= 0 or not 0 < powered_share <= 1:
        raise ValueError(
            "prices and rates must not be negative, years and the powered share must be positive"
        )
    if capital_rate < 1e-9:  # below it 1 - (1+i)^-n loses all its digits
        yearly = (purchase_usd - residual_usd) / years
    else:
        discount = math.pow(1 + capital_rate, -years)
        yearly = (purchase_usd - residual_usd * discount) * capital_rate / (1 - discount)
    return yearly / (12 * HOURS_PER_MONTH * powered_share)
