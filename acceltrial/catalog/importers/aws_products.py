"""Offers from items of the AWS Price List (`GetProducts` of AmazonEC2) and from EC2's spot price history."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from acceltrial.catalog.findings import Finding
from acceltrial.catalog.instances import Instance
from acceltrial.catalog.offer import Offer
from acceltrial.catalog.price_rules import refusal
from acceltrial.catalog.regions import residency_of

HOURS_A_YEAR = 8760.0
"""What AWS's own effective hourly rates of reserved instances count."""
_YEARS = {"1yr": 1.0, "3yr": 3.0}


class UnusableError(Exception):
    """Why one item gives no price."""


def product_offers(
    items: Iterable[str], instances: Mapping[str, Instance], *, as_of: str
) -> tuple[list[Offer], list[Finding]]:
    """On-demand and standard reserved offers of Linux instances, and why others were left out.

    Args:
        items: `PriceList` entries, JSON text.
        instances: accelerated instances by type.
        as_of: the day of the query, for items that do not say when they were published.
    """
    offers: list[Offer] = []
    findings: list[Finding] = []
    for item in items:
        try:
            product = json.loads(item)
            attributes = product["product"]["attributes"]
            instance = instances.get(attributes["instanceType"])
            if instance is None or not _plain_linux(attributes):
                continue
            if (told := _other_count(attributes, instance)) is not None:
                findings.append(told)
                continue
            found, left_out = _terms(product, attributes, instance, as_of)
        except (json.JSONDecodeError, KeyError, TypeError, AttributeError, ValueError) as error:
            findings.append(_left_out("item of the price list", f"not in the documented shape ({error!r})"))
            continue
        offers += found
        findings += left_out
    return offers, findings


def spot_offers(
    history: Iterable[Mapping[str, Any]],
    instances: Mapping[str, Instance],
    region: str,
    start: datetime,
    end: datetime,
) -> tuple[list[Offer], list[Finding]]:
    """One spot offer an instance type: the time-weighted mean of its cheapest zone over [start, end].

    The history carries, for each zone, the price in force at `start` and every change after it; the weight of
    a price is the time until the next change.
    """
    changes: dict[tuple[str, str], list[tuple[datetime, float]]] = {}
    findings: list[Finding] = []
    for entry in history:
        try:
            key = (entry["InstanceType"], entry["AvailabilityZone"])
            price = _finite(entry["SpotPrice"])
            when = max(entry["Timestamp"], start)
        except (KeyError, TypeError, ValueError, UnusableError) as error:
            findings.append(_left_out(f"spot history of {region}", f"an entry cannot be read ({error!r})"))
            continue
        if key[0] in instances and when <= end:
            changes.setdefault(key, []).append((when, price))
    offers = []
    for kind in sorted({kind for kind, _ in changes}):
        zones = {zone: _weighted(rows, end) for (of, zone), rows in changes.items() if of == kind}
        instance = instances[kind]
        usd = min(zones.values())
        if problem := refusal(usd, instance.count):
            findings.append(_left_out(f"spot {kind} in {region}", problem))
            continue
        offers.append(_spot(instance, region, zones, (start, end)))
    return offers, findings


def _spot(
    instance: Instance, region: str, zones: dict[str, float], window: tuple[datetime, datetime]
) -> Offer:
    zone = min(zones, key=lambda name: (zones[name], name))
    dearest = max(zones.values())
    spread = f"; dearest zone {dearest / zones[zone]:.2g} times that" if dearest > zones[zone] else ""
    days = (window[1] - window[0]).total_seconds() / 86400
    return Offer(
        instance.accelerator,
        "aws",
        region,
        residency_of(region),
        instance.instance_type,
        instance.count,
        "spot",
        zones[zone] / instance.count,
        "EC2 spot price history (DescribeSpotPriceHistory)",
        window[1].date().isoformat(),
        "vendor_doc",
        f"mean over {days:.3g} days in {zone}, the cheapest of {len(zones)}{spread}; may be interrupted",
    )


def _weighted(rows: list[tuple[datetime, float]], end: datetime) -> float:
    rows = sorted(rows)
    until = [when for when, _ in rows[1:]] + [end]
    seconds = [(after - when).total_seconds() for (when, _), after in zip(rows, until, strict=True)]
    total = sum(seconds)
    if total <= 0:
        return rows[-1][1]
    return sum(price * span for (_, price), span in zip(rows, seconds, strict=True)) / total


def _plain_linux(attributes: Mapping[str, str]) -> bool:
    """Linux without licences on shared hosts, paid as used: not dedicated hosts or unused reservations."""
    return (
        attributes.get("operatingSystem") == "Linux"
        and attributes.get("tenancy") == "Shared"
        and attributes.get("preInstalledSw", "NA") == "NA"
        and attributes.get("capacitystatus", "Used") == "Used"
    )


def _other_count(attributes: Mapping[str, str], instance: Instance) -> Finding | None:
    """A finding where the price list states another number of accelerators than the catalogue."""
    stated = attributes.get("gpu", "")
    if stated and stated.replace(".", "", 1).isdigit() and float(stated) != instance.count:
        return _left_out(
            f"aws {instance.instance_type}",
            f"the price list says {stated} accelerators, the catalogue {instance.count:g}",
            "correct instances.csv of the catalogue",
        )
    return None


def _terms(
    product: Mapping[str, Any], attributes: Mapping[str, str], instance: Instance, as_of: str
) -> tuple[list[Offer], list[Finding]]:
    region = attributes["regionCode"]
    subject = f"aws {instance.instance_type} {region}"
    offers: list[Offer] = []
    findings: list[Finding] = []
    priced = [("on_demand", "", term) for term in product["terms"].get("OnDemand", {}).values()]
    priced += [
        ("reserved", _reserved_name(term), term)
        for term in product["terms"].get("Reserved", {}).values()
        if term["termAttributes"].get("OfferingClass") == "standard"
    ]
    for model, name, term in sorted(priced, key=lambda one: one[:2]):
        try:
            usd, note = _hourly(term)
            if problem := refusal(usd, instance.count):
                raise UnusableError(problem)
        except UnusableError as error:
            findings.append(_left_out(" ".join(filter(None, (subject, model, name))), str(error)))
            continue
        offers.append(
            Offer(
                instance.accelerator,
                "aws",
                region,
                residency_of(region),
                instance.instance_type,
                instance.count,
                model,
                usd / instance.count,
                "AWS Price List (GetProducts, AmazonEC2)",
                str(product.get("publicationDate", as_of))[:10],
                "vendor_doc",
                note,
                term=name,
            )
        )
    if not priced:
        findings.append(_left_out(subject, "the product has no price"))
    return offers, findings


def _reserved_name(term: Mapping[str, Any]) -> str:
    attributes = term["termAttributes"]
    return f"{attributes['LeaseContractLength']} {attributes['PurchaseOption'].lower()}"


def _hourly(term: Mapping[str, Any]) -> tuple[float, str]:
    """USD an instance hour, an upfront fee spread over the term's hours, and a note on it."""
    hourly = upfront = 0.0
    for dimension in term["priceDimensions"].values():
        prices = dimension["pricePerUnit"]
        if "USD" not in prices:
            raise UnusableError(f"priced in {', '.join(sorted(prices))}, not in USD")
        if dimension["unit"] == "Quantity":
            upfront += _finite(prices["USD"])
        elif dimension["unit"] in {"Hrs", "Hours"}:
            hourly += _finite(prices["USD"])
        else:
            raise UnusableError(f"priced per {dimension['unit']}, not per hour")
    if not upfront:
        return hourly, ""
    years = _YEARS.get(term["termAttributes"]["LeaseContractLength"])
    if years is None:
        raise UnusableError(f"a term of {term['termAttributes']['LeaseContractLength']} is not known")
    note = f"{upfront:g} USD upfront spread over {years:g} x {HOURS_A_YEAR:g} hours"
    return hourly + upfront / (years * HOURS_A_YEAR), note


def _finite(text: object) -> float:
    try:
        value = float(str(text))
    except ValueError:
        raise UnusableError(f"{text!r} is no price") from None
    if not math.isfinite(value) or value < 0:
        raise UnusableError(f"{text!r} is no price")
    return value


def _left_out(subject: str, problem: str, remedy: str = "give the price by hand when it is known") -> Finding:
    return Finding("price", subject, "price_left_out", "info", problem, remedy)
