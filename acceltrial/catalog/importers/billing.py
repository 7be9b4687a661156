"""What an accelerator hour really cost, from a FOCUS billing export: EffectiveCost over the hours used."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from acceltrial.catalog.findings import Finding
from acceltrial.catalog.importers.money import in_usd
from acceltrial.catalog.instances import Instance
from acceltrial.catalog.offer import Offer
from acceltrial.catalog.price_rules import refusal
from acceltrial.catalog.regions import UNSPECIFIED, residency_of
from acceltrial.cost.focus import read_charges

PROVIDERS = {"aws": "aws", "amazon web services": "aws", "microsoft": "azure", "google cloud": "gcp"}
_HOURS = re.compile(r"^(hours?|hrs?|instance[- ]hours?)$", re.IGNORECASE)
_NAMING = ("SkuId", "SkuPriceId", "ChargeDescription", "ResourceName")


@dataclass
class _Paid:
    """Effective cost and hours of one instance type under one kind of price."""

    cost: float = 0.0
    hours: float = 0.0
    charges: int = 0
    last: date = date.min
    currencies: set[str] = field(default_factory=set)


def billed_offers(
    paths: list[Path], instances: Mapping[str, Instance], rates: Mapping[str, float]
) -> tuple[list[Offer], list[Finding]]:
    """One offer of grade measured for each instance type, region and kind of price in the exports.

    Only usage counts: taxes, credits and purchases are no price of an hour. A charge belongs to the instance
    type that its SKU, description or resource names as a whole word; its kind of price is `reserved` under a
    commitment, `spot` where FOCUS prices it dynamically, else `on_demand`.

    Args:
        paths: FOCUS 1.x exports.
        instances: accelerated instances by type.
        rates: USD for one unit of each billing currency.

    Raises:
        StorageError, DataContractError: an export cannot be read or breaks FOCUS's rules.
        ConfigurationError: a billing currency has no rate.
    """
    charges = read_charges(paths).frame
    paid: dict[tuple[str, str, str, str], _Paid] = defaultdict(_Paid)
    unmatched = unmeasured = 0
    for row in charges.iter_rows(named=True):
        if row["ChargeCategory"] != "Usage" or row["ServiceCategory"] != "Compute":
            continue
        kind = _instance_type(row, instances)
        if kind is None:
            unmatched += 1
            continue
        hours = row["ConsumedQuantity"]
        if not hours or hours < 0 or not _HOURS.match(row["ConsumedUnit"] or ""):
            unmeasured += 1
            continue
        usd, _ = in_usd(row["EffectiveCost"], row["BillingCurrency"], rates)
        provider = PROVIDERS.get((row["ProviderName"] or "").lower(), row["ProviderName"] or UNSPECIFIED)
        one = paid[provider, row["RegionId"] or UNSPECIFIED, kind, _price_model(row)]
        one.cost += usd
        one.hours += hours
        one.charges += 1
        one.last = max(one.last, row["ChargePeriodEnd"].date())
        one.currencies.add(row["BillingCurrency"])
    offers, findings = [], _counts(unmatched, unmeasured)
    for (provider, region, kind, model), one in sorted(paid.items()):
        instance = instances[kind]
        if problem := refusal(one.cost / one.hours, instance.count):
            findings.append(_finding(f"{provider} {kind} {region} {model}", problem))
            continue
        offers.append(_offer(instance, provider, region, model, one))
    return offers, findings


def _offer(instance: Instance, provider: str, region: str, model: str, one: _Paid) -> Offer:
    foreign = sorted(one.currencies - {"USD"})
    return Offer(
        instance.accelerator,
        provider,
        region,
        residency_of(region),
        instance.instance_type,
        instance.count,
        model,
        one.cost / one.hours / instance.count,
        "FOCUS billing export: EffectiveCost over ConsumedQuantity",
        one.last.isoformat(),
        "measured",
        f"{one.hours:g} instance hours in {one.charges} charges"
        + (f"; billed in {', '.join(foreign)}" if foreign else ""),
        term="billed",
        grade="measured",
    )


def _instance_type(row: Mapping[str, Any], instances: Mapping[str, Instance]) -> str | None:
    words = {word for name in _NAMING for word in re.split(r"[^A-Za-z0-9.\-]+", row[name] or "")}
    found = sorted(words & set(instances))
    return found[0] if len(found) == 1 else None


def _price_model(row: Mapping[str, Any]) -> str:
    if row["CommitmentDiscountId"]:
        return "reserved"
    return "spot" if row["PricingCategory"] == "Dynamic" else "on_demand"


def _counts(unmatched: int, unmeasured: int) -> list[Finding]:
    found = []
    if unmatched:
        found.append(_finding("compute charges", f"{unmatched} name no accelerated instance type"))
    if unmeasured:
        found.append(_finding("compute charges", f"{unmeasured} have no consumed quantity in hours"))
    return found


def _finding(subject: str, problem: str) -> Finding:
    return Finding(
        "price", subject, "price_left_out", "info", problem, "give the price by hand when it is known"
    )
