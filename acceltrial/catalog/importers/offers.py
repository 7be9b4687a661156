"""Cloud offers from a foreign price list, checked by the price rules and thinned to a curated selection.

The list has the columns provider, region, instance_type, accelerator, count, price_ondemand_usd_hr,
price_spot_usd_hr, as_of, source, source_commit. A price list without a licence is never copied: only the
few single prices that no other source covers are taken as facts, each with its source.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from statistics import median

from acceltrial.catalog.aliases import AliasIndex
from acceltrial.catalog.findings import Finding
from acceltrial.catalog.offer import Offer
from acceltrial.catalog.price_rules import is_day, refusal, tpu_chips, tpu_slice
from acceltrial.catalog.reading import read_rows
from acceltrial.catalog.regions import UNSPECIFIED, residency_of

NEEDED = (
    "provider", "region", "instance_type", "accelerator", "count", "price_ondemand_usd_hr",
    "price_spot_usd_hr", "as_of", "source", "source_commit",
)  # fmt: skip
UNLICENSED = "skypilot-catalog"
UNDATED_AS_OF = "2025-12"
"""Rows without a date are no older than this; the earliest is assumed."""
UNLICENSED_GROUPS = ("us", "eu")
SHARED_DEVICE_SHARE = 0.35
_SHARED = re.compile(r"NV(6|12|18)ads", re.IGNORECASE)
_PRICED = (("on_demand", "price_ondemand_usd_hr"), ("spot", "price_spot_usd_hr"))


def read_offers(path: Path, names: AliasIndex) -> tuple[list[Offer], list[Finding]]:
    """Every usable offer of the list for a device of the catalogue, and why others were left out.

    Raises:
        StorageError: the file cannot be read.
        DataContractError: it is no CSV table, or a column is missing.
    """
    offers: list[Offer] = []
    findings: list[Finding] = []
    rows = read_rows(path, NEEDED)
    for number, row in enumerate(rows, start=2):
        device = _device(row, names)
        if device is None:
            continue
        try:
            chips = _chips(row)
            prices = {model: _number(row[cell]) for model, cell in _PRICED}
            if row["as_of"] and not is_day(row["as_of"]):
                raise ValueError(f"{row['as_of'][:40]!r} is no date")
        except ValueError as error:
            findings.append(_left_out(path, number, row, str(error)))
            continue
        for model, usd in prices.items():
            problem = refusal(usd, chips) or _spot_problem(prices, model)
            if problem or usd is None:
                if model == "on_demand":
                    findings.append(_left_out(path, number, row, problem))
                continue
            offers.append(_offer(row, device, chips, model, usd))
    return offers, findings


def select(offers: Iterable[Offer]) -> list[Offer]:
    """At most two offers for each device, region group and price model.

    The newest dated licensed sources come first; of unlicensed lists one price is taken, for the US and
    the EU, where no other source has any.
    """
    believable = _without_shared_devices(list(offers))
    cells: dict[tuple[str, str, str], list[Offer]] = {}
    for offer in believable:
        cells.setdefault((offer.accelerator, offer.residency, offer.model), []).append(offer)
    located = {(o.accelerator, o.provider, o.model) for o in believable if o.residency != UNSPECIFIED}
    chosen: dict[str, Offer] = {}
    for key in sorted(cells):
        group = [
            offer
            for offer in cells[key]
            if offer.residency != UNSPECIFIED
            or (offer.accelerator, offer.provider, offer.model) not in located
        ]
        for offer in _best(group):
            chosen.setdefault(offer.name, offer)
    return [chosen[name] for name in sorted(chosen)]


def _best(offers: list[Offer]) -> list[Offer]:
    licensed = [offer for offer in offers if UNLICENSED not in offer.source]
    pool = licensed or [offer for offer in offers if offer.residency in UNLICENSED_GROUPS]
    if not pool:
        return []
    newest = max(offer.as_of for offer in pool)
    kept: dict[str, Offer] = {}
    for offer in sorted(pool, key=lambda offer: (offer.usd, offer.accelerators_per_instance, offer.name)):
        if offer.as_of == newest:
            kept.setdefault(offer.provider, offer)
    ranked = list(kept.values())
    if not licensed or len(ranked) == 1:
        return ranked[:1]
    # The middle of the market beside its cheapest offer.
    return [ranked[0], ranked[len(ranked) // 2]]


def _without_shared_devices(offers: list[Offer]) -> list[Offer]:
    """Drops offers far below their kind: a shared or partial device sold under the device's name."""
    prices: dict[tuple[str, str], list[float]] = {}
    for offer in offers:
        prices.setdefault((offer.accelerator, offer.model), []).append(offer.usd)
    return [
        offer
        for offer in offers
        if offer.model != "on_demand"
        or offer.usd >= SHARED_DEVICE_SHARE * median(prices[offer.accelerator, offer.model])
    ]


def _chips(row: dict[str, str]) -> float:
    chips = tpu_chips(row["instance_type"]) or tpu_chips(row["accelerator"])
    return float(chips) if chips else _counted(row)


def _counted(row: dict[str, str]) -> float:
    count = _number(row["count"])
    return 1.0 if count is None else count


def _number(text: str) -> float | None:
    """The cell's figure, None where it is empty. Raises ValueError naming the cell."""
    try:
        return float(text) if text else None
    except ValueError:
        raise ValueError(f"{text[:40]!r} is no number") from None


def _device(row: dict[str, str], names: AliasIndex) -> str | None:
    if row["accelerator"] == "A100" and row["instance_type"] in {
        "a2-ultragpu-1g",
        "BM.GPU.A100-v2.8",
        "NC24ads_A100_v4",
    }:
        return "a100-80-pcie" if row["instance_type"].startswith("NC") else "a100-80-sxm"
    if row["accelerator"] == "A100":
        return "a100-40-sxm"
    if row["accelerator"] == "H100" and row["instance_type"].startswith("NC40ads"):
        return "h100-nvl"
    if row["accelerator"] in {"V100", "V100 (16 GB)"}:
        return None  # the 16 GB part is not in the catalogue
    if _SHARED.search(row["instance_type"]):
        return None  # a share of a device sold under the device's name
    sliced = tpu_slice(row["accelerator"])
    return names.find(sliced[0] if sliced else row["accelerator"])


def _spot_problem(prices: dict[str, float | None], model: str) -> str:
    spot, full = prices["spot"], prices["on_demand"]
    return "spot is not below on-demand" if model == "spot" and spot and full and spot >= full else ""


def _left_out(path: Path, number: int, row: dict[str, str], problem: str) -> Finding:
    return Finding(
        "price",
        f"{row['provider']} {row['instance_type']} {row['region']}".strip(),
        "price_left_out",
        "info",
        f"{path.name}, row {number}: {problem}",
        "give the price by hand when it is known",
    )


def _offer(row: dict[str, str], device: str, chips: float, model: str, usd: float) -> Offer:
    dated = row["as_of"] or UNDATED_AS_OF
    notes = [] if row["as_of"] else ["the source gives no date: late 2025 or later, the earliest is assumed"]
    if row["provider"] == "gcp" and row["as_of"].startswith("2022") and not device.startswith("tpu"):
        notes.append("excludes the host machine")
    if chips != _counted(row):
        notes.append(f"slice of {chips:g} chips: the name counts cores")
    commit = f"@{row['source_commit']}" if row["source_commit"] else ""
    return Offer(
        device,
        row["provider"],
        row["region"] or UNSPECIFIED,
        residency_of(row["region"]),
        row["instance_type"],
        chips,
        model,
        usd / chips,
        f"{row['source']}{commit}",
        dated,
        "third_party_repo",
        "; ".join(notes),
    )
