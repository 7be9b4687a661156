"""Rebuilds the generated files of a catalogue folder from foreign tables and the curated ones."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from acceltrial.catalog import columns
from acceltrial.catalog.aliases import AliasIndex
from acceltrial.catalog.findings import Finding
from acceltrial.catalog.importers.accelerators import import_accelerators
from acceltrial.catalog.importers.offers import read_offers, select
from acceltrial.catalog.reading import read_rows, read_table
from acceltrial.catalog.tables import as_csv
from acceltrial.storage.atomic import replacing, write_text


@dataclass(frozen=True, slots=True)
class Refreshed:
    """How many rows were written by file, and what was left out."""

    rows: dict[str, int]
    findings: tuple[Finding, ...]


def refresh_devices(folder: Path, devices: Path) -> Refreshed:
    """Writes accelerators.csv and accelerator_facts.csv of `folder` from the device file and curated ones.

    Raises:
        AcceltrialError: a file cannot be read or breaks its rules; nothing is half-written.
    """
    curated = folder / "curated"
    own = curated / "devices.csv"
    imported = import_accelerators(
        devices, curated / "families.csv", curated / "cells.csv", own if own.is_file() else None
    )
    write_text(folder / "accelerators.csv", as_csv(columns.ACCELERATORS, imported.accelerators))
    write_text(folder / "accelerator_facts.csv", as_csv(columns.ACCELERATOR_FACTS, imported.facts))
    return Refreshed(
        {"accelerators": len(imported.accelerators), "accelerator_facts": len(imported.facts)}, ()
    )


def refresh_prices(folder: Path, offers: Path) -> Refreshed:
    """Writes prices.csv of `folder`: a selection of the foreign offers beside the curated ones.

    Raises:
        AcceltrialError: a file cannot be read or breaks its rules; nothing is half-written.
    """
    names = [(row["accelerator"], row["accelerator"]) for row in read_rows(folder / "accelerators.csv")]
    names += [
        (row["alias"], row["id"]) for row in read_rows(folder / "aliases.csv") if row["kind"] == "accelerator"
    ]
    found, findings = read_offers(offers, AliasIndex("accelerator", names))
    rows = [offer.row() for offer in select(found)] + read_rows(folder / "curated" / "offers.csv")
    rows.sort(key=lambda row: (row["accelerator"], row["model"], row["price"]))
    with replacing(folder / "prices.csv") as temporary:
        temporary.write_text(as_csv(columns.PRICES, rows), encoding="utf-8")
        read_table(temporary, columns.PRICES, ("price",))
    return Refreshed({"prices": len(rows)}, tuple(findings))
