"""Offers that a team imported: files beside the shipped price list, merged when the catalogue is read."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import polars as pl

from acceltrial.catalog.columns import NAME, PRICES
from acceltrial.catalog.findings import Finding
from acceltrial.catalog.offer import Offer
from acceltrial.catalog.price_rules import as_date, starts_after
from acceltrial.catalog.reading import read_table
from acceltrial.catalog.tables import as_csv
from acceltrial.errors import ConfigurationError, DataContractError
from acceltrial.storage.atomic import replacing

FOLDER = "imported"


def save_offers(catalogue: Path, name: str, offers: Iterable[Offer], *, today: date | None = None) -> Path:
    """Writes imported/NAME.csv of the catalogue anew and says where.

    The rows pass the rules of the price table first; a file that breaks one is not written. Of two offers
    with the same name the cheaper is kept.

    Args:
        catalogue: its folder.
        name: of the file.
        offers: what was imported.
        today: an offer dated after it is refused, since the newest price wins; None checks no date.

    Raises:
        ConfigurationError: `name` is no plain file name.
        DataContractError: there is no offer, one breaks the rules of the price table, or lies in the future.
        StorageError: the file cannot be written.
    """
    if not re.match(NAME, name):
        raise ConfigurationError(
            f"{name!r} cannot be a file name", where="--name", remedy="use letters, digits, dots and dashes"
        )
    cheapest: dict[str, Offer] = {}
    for offer in sorted(offers, key=lambda offer: (offer.name, offer.usd)):
        cheapest.setdefault(offer.name, offer)
    if not cheapest:
        raise DataContractError(
            "no usable offer was found; nothing was written",
            where=name,
            remedy="see the reasons above: devices outside the catalogue, missing or unbelievable prices",
        )
    for offer in cheapest.values():
        if today is not None and starts_after(offer.as_of, today):
            raise DataContractError(
                f"the price of {offer.name} is as of {offer.as_of}, after {today.isoformat()}",
                where=name,
                remedy="correct the date: a price of the future would win over today's",
            )
    path = catalogue / FOLDER / f"{name}.csv"
    with replacing(path) as temporary:
        temporary.write_text(as_csv(PRICES, (offer.row() for offer in cheapest.values())), encoding="utf-8")
        read_table(temporary, PRICES, ("price",))
    return path


def repeated(offers: Iterable[Offer]) -> list[Finding]:
    """A finding for each offer that stands with several prices: `save_offers` keeps the cheapest."""
    prices: dict[str, set[float]] = {}
    for offer in offers:
        prices.setdefault(offer.name, set()).add(offer.usd)
    return [
        Finding(
            "price",
            name,
            "repeated_price",
            "warning",
            f"stands at {', '.join(f'{usd:g}' for usd in sorted(known))} USD/h; {min(known):g} is kept",
            "tell the offers apart by region, instance_type, model or term, or remove one",
        )
        for name, known in sorted(prices.items())
        if len(known) > 1
    ]


def read_imported(catalogue: Path) -> list[tuple[Path, pl.DataFrame]]:
    """The imported price tables of a catalogue folder, by file name.

    Raises:
        DataContractError: a file breaks the rules of the price table.
        StorageError: a file cannot be read.
    """
    files = sorted((catalogue / FOLDER).glob("*.csv"))
    return [(path, read_table(path, PRICES, ("price",))) for path in files]


def newest(
    shipped: pl.DataFrame, imported: list[tuple[Path, pl.DataFrame]]
) -> tuple[pl.DataFrame, list[Finding]]:
    """All offers, and of those with the same name the newest; each one that gave way is a finding.

    On the same date an import goes before the shipped list, and a later file name before an earlier.
    """
    rows: dict[str, dict[str, object]] = {row["price"]: row for row in shipped.iter_rows(named=True)}
    findings = []
    for path, table in imported:
        for row in table.iter_rows(named=True):
            other = rows.get(row["price"])
            if other is None:
                rows[row["price"]] = row
                continue
            first, second = (row, other) if _day(row) >= _day(other) else (other, row)
            rows[row["price"]] = first
            findings.append(
                Finding(
                    "price",
                    row["price"],
                    "superseded_price",
                    "info",
                    f"{second['usd_per_accelerator_hour']:g} USD/h of {second['as_of']} ({second['source']}) "
                    f"gave way to {first['usd_per_accelerator_hour']:g} USD/h of {first['as_of']}",
                    f"the newer one counts; remove a file of {path.parent.name}/ to change that",
                )
            )
    return pl.DataFrame(list(rows.values()), schema=shipped.schema, orient="row"), findings


def _day(row: dict[str, object]) -> date:
    return as_date(str(row["as_of"]))
