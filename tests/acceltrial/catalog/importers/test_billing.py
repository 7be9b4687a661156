"""Prices that were really paid, from FOCUS exports."""

from __future__ import annotations

from pathlib import Path

import pytest

from acceltrial.catalog.importers.billing import billed_offers
from acceltrial.catalog.instances import Instance
from acceltrial.errors import ConfigurationError

HEADER = (
    "BilledCost,EffectiveCost,BillingCurrency,ChargePeriodStart,ChargePeriodEnd,ChargeCategory,ServiceCategory,"
    "ProviderName,RegionId,ChargeDescription,ConsumedQuantity,ConsumedUnit,CommitmentDiscountId,PricingCategory\n"
)
DAY = "2026-10-01T00:00:00Z,2026-10-02T00:00:00Z"
INSTANCES = {"p5.48xlarge": Instance("aws", "p5.48xlarge", "h100-sxm", 8)}
TEXT = "$80 per On Demand Linux p5.48xlarge Instance Hour"


def export(path: Path, *rows: str) -> list[Path]:
    path.write_text(HEADER + "".join(f"{row}\n" for row in rows))
    return [path]


def test_effective_cost_over_hours_by_kind_of_price(tmp_path: Path) -> None:
    files = export(
        tmp_path / "focus.csv",
        f"800,800,USD,{DAY},Usage,Compute,AWS,us-east-1,{TEXT},10,Hours,,Standard",
        f"0,400,USD,{DAY},Usage,Compute,AWS,us-east-1,{TEXT},10,Hours,ri-1,Committed",
        f"160,160,USD,{DAY},Usage,Compute,AWS,us-east-1,{TEXT},10,Hours,,Dynamic",
        f"-99,-99,USD,{DAY},Credit,Compute,AWS,us-east-1,{TEXT},,,,",
        f"50,50,USD,{DAY},Usage,Compute,AWS,us-east-1,m5.large hour,10,Hours,,Standard",
        f"50,50,USD,{DAY},Usage,Compute,AWS,us-east-1,{TEXT},10,GB,,Standard",
    )
    offers, findings = billed_offers(files, INSTANCES, {"USD": 1.0})
    assert {offer.model: offer.usd for offer in offers} == {"on_demand": 10.0, "reserved": 5.0, "spot": 2.0}
    assert {offer.grade for offer in offers} == {"measured"}
    assert {offer.as_of for offer in offers} == {"2026-10-02"}
    assert [finding.detail.split()[0] for finding in findings] == ["1", "1"]


def test_another_currency_needs_a_rate(tmp_path: Path) -> None:
    row = f"800,800,EUR,{DAY},Usage,Compute,AWS,eu-west-1,{TEXT},10,Hours,,Standard"
    files = export(tmp_path / "focus.csv", row)
    with pytest.raises(ConfigurationError, match="EUR"):
        billed_offers(files, INSTANCES, {"USD": 1.0})
    offers, _ = billed_offers(files, INSTANCES, {"USD": 1.0, "EUR": 1.5})
    assert offers[0].usd == pytest.approx(15.0)
    assert "billed in EUR" in offers[0].note
