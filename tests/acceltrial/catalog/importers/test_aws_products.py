"""Items of the AWS Price List and of the spot history, good and bad."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acceltrial.catalog.importers.aws_products import product_offers, spot_offers
from acceltrial.catalog.instances import Instance

P5 = Instance("aws", "p5.48xlarge", "h100-sxm", 8)
INSTANCES = {"p5.48xlarge": P5}
END = datetime(2026, 11, 22, tzinfo=UTC)
START = END - timedelta(days=4)


def item(
    *,
    on_demand: dict[str, str] | None = None,
    reserved: list[dict[str, Any]] | None = None,
    **attributes: str,
) -> str:
    base = {
        "instanceType": "p5.48xlarge", "regionCode": "eu-central-1", "operatingSystem": "Linux", "gpu": "8",
        "tenancy": "Shared", "preInstalledSw": "NA", "capacitystatus": "Used",
    }  # fmt: skip
    terms: dict[str, Any] = {}
    if on_demand is not None:
        dimension = {"unit": "Hrs", "pricePerUnit": on_demand}
        terms["OnDemand"] = {"SKU.T": {"priceDimensions": {"SKU.T.R": dimension}, "termAttributes": {}}}
    for number, term in enumerate(reserved or []):
        terms.setdefault("Reserved", {})[f"SKU.{number}"] = term
    return json.dumps(
        {
            "product": {"attributes": {**base, **attributes}},
            "terms": terms,
            "publicationDate": "2026-11-01T00:00:00Z",
        }
    )


def lease(years: str, option: str, hourly: str, upfront: str = "", kind: str = "standard") -> dict[str, Any]:
    dimensions = {"H": {"unit": "Hrs", "pricePerUnit": {"USD": hourly}}}
    if upfront:
        dimensions["U"] = {"unit": "Quantity", "pricePerUnit": {"USD": upfront}}
    return {
        "priceDimensions": dimensions,
        "termAttributes": {"LeaseContractLength": years, "PurchaseOption": option, "OfferingClass": kind},
    }


def test_prices_are_of_one_accelerator_with_date_region_and_residency() -> None:
    offers, findings = product_offers([item(on_demand={"USD": "80.0"})], INSTANCES, as_of="2026-11-22")
    assert not findings
    assert [(offer.usd, offer.as_of, offer.residency, offer.grade) for offer in offers] == [
        (10.0, "2026-11-01", "eu", "published")
    ]


def test_an_upfront_fee_is_spread_over_the_term() -> None:
    terms = [lease("3yr", "All Upfront", "0", "262800"), lease("1yr", "No Upfront", "8.0")]
    terms.append(lease("1yr", "No Upfront", "9.0", kind="convertible"))
    offers, _ = product_offers([item(reserved=terms)], INSTANCES, as_of="2026-11-22")
    assert {offer.name: offer.usd for offer in offers} == {
        "aws-eu-central-1-p5.48xlarge-reserved-3yr-all-upfront": pytest.approx(262800 / 26280 / 8),
        "aws-eu-central-1-p5.48xlarge-reserved-1yr-no-upfront": 1.0,
    }


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (item(on_demand={"CNY": "500"}), "CNY"),
        (item(on_demand={"USD": "0.0000000000"}), "no price"),
        (item(on_demand={"USD": "-3"}), "no price"),
        (item(on_demand={"USD": "NaN"}), "no price"),
        (item(on_demand={"USD": "99999999"}), "not believable"),
        (item(), "no price"),
        (item(on_demand={"USD": "80"}, gpu="4"), "4 accelerators, the catalogue 8"),
        ("{", "documented shape"),
        ("[]", "documented shape"),
        ('{"product": {"attributes": {"instanceType": "p5.48xlarge"}}}', ""),
        (item(reserved=[lease("5yr", "All Upfront", "0", "100")]), "5yr"),
    ],
)
def test_what_is_no_price_is_left_out_with_the_reason(text: str, told: str) -> None:
    offers, findings = product_offers([text], INSTANCES, as_of="2026-11-22")
    assert not offers
    assert all(told in finding.detail for finding in findings)
    assert findings or not told


@pytest.mark.parametrize(
    "attributes",
    [
        {"operatingSystem": "Windows"},
        {"tenancy": "Dedicated"},
        {"preInstalledSw": "SQL Std"},
        {"instanceType": "m5.large"},
        {"capacitystatus": "UnusedCapacityReservation"},
    ],
)
def test_other_products_are_passed_over(attributes: dict[str, str]) -> None:
    assert product_offers([item(on_demand={"USD": "80"}, **attributes)], INSTANCES, as_of="2026-11-22") == (
        [],
        [],
    )


def entry(zone: str, price: str, days_before_end: float, **other: Any) -> dict[str, Any]:
    when = END - timedelta(days=days_before_end)
    return {
        "InstanceType": "p5.48xlarge", "AvailabilityZone": zone, "SpotPrice": price, "Timestamp": when,
        **other,
    }  # fmt: skip


def test_a_spot_price_is_weighted_by_time_in_the_cheapest_zone() -> None:
    # Zone a: 16 from long before the window for 3 days, then 32 for 1 day: 20. Zone b: 24 throughout.
    history = [entry("a", "32", 1), entry("a", "16", 60), entry("b", "24", 60)]
    offers, findings = spot_offers(history, INSTANCES, "us-east-1", START, END)
    assert not findings
    assert [offer.usd for offer in offers] == [pytest.approx(20 / 8)]
    assert "cheapest of 2" in offers[0].note


def test_spot_entries_that_cannot_be_read_are_told() -> None:
    history = [entry("a", "x", 1), {"InstanceType": "p5.48xlarge"}, entry("a", "nan", 1), entry("a", "0", 2)]
    offers, findings = spot_offers(history, INSTANCES, "us-east-1", START, END)
    assert not offers
    assert len(findings) == 4


@given(st.lists(st.tuples(st.floats(1, 100), st.floats(0, 10)), min_size=1, max_size=8))
def test_a_weighted_spot_price_lies_between_its_extremes(changes: list[tuple[float, float]]) -> None:
    history = [entry("a", f"{price:.6f}", days) for price, days in changes]
    offers, _ = spot_offers(history, INSTANCES, "us-east-1", START, END)
    prices = [round(price, 6) / 8 for price, _ in changes]
    assert min(prices) - 1e-9 <= offers[0].usd <= max(prices) + 1e-9
