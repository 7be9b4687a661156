"""Imported offers beside the shipped list: checked before they are written, newest first."""

from __future__ import annotations

import dataclasses
import shutil
from datetime import date
from pathlib import Path

import pytest

from acceltrial.catalog import load_catalogue
from acceltrial.catalog.imported import repeated, save_offers
from acceltrial.catalog.location import find_catalogue
from acceltrial.catalog.offer import Offer
from acceltrial.errors import ConfigurationError, DataContractError

OFFER = Offer(
    "h100-sxm", "aws", "us-east-1", "us", "p5.48xlarge", 8, "on_demand", 3.9, "a list", "2026-11-20",
    "vendor_doc", "",
)  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(find_catalogue(), tmp_path / "catalogue"))


def test_a_newer_import_wins_and_the_older_offer_is_a_finding(folder: Path) -> None:
    save_offers(folder, "old", [dataclasses.replace(OFFER, usd=9.0, as_of="2001-01-01")])
    save_offers(folder, "zz-aws", [OFFER])
    catalogue = load_catalogue(folder)
    found = catalogue.prices.filter(catalogue.prices["price"] == OFFER.name)
    assert found["usd_per_accelerator_hour"].to_list() == [3.9]
    told = [finding for finding in catalogue.findings if finding.finding == "superseded_price"]
    assert any("9 USD/h of 2001-01-01" in finding.detail for finding in told)


def test_an_import_replaces_the_one_before_it(folder: Path) -> None:
    save_offers(folder, "aws", [dataclasses.replace(OFFER, region="eu-west-1", residency="eu")])
    path = save_offers(folder, "aws", [OFFER, dataclasses.replace(OFFER, usd=3.5)])
    assert path.read_text().count("\n") == 2
    assert ",3.5," in path.read_text()


@pytest.mark.parametrize("name", ["../aws", "a/b", "", ".hidden"])
def test_a_hostile_file_name_is_refused(folder: Path, name: str) -> None:
    with pytest.raises(ConfigurationError, match="file name"):
        save_offers(folder, name, [OFFER])


def test_nothing_is_written_for_an_offer_that_breaks_the_rules(folder: Path) -> None:
    with pytest.raises(DataContractError):
        save_offers(folder, "aws", [dataclasses.replace(OFFER, usd=float("nan"))])
    with pytest.raises(DataContractError, match="no usable offer"):
        save_offers(folder, "aws", [])
    assert not list((folder / "imported").glob("*"))


def test_an_import_for_an_unknown_device_names_its_file(folder: Path) -> None:
    save_offers(folder, "aws", [dataclasses.replace(OFFER, accelerator="h1000")])
    with pytest.raises(DataContractError, match="h1000") as caught:
        load_catalogue(folder)
    assert "aws.csv, row 2" in caught.value.where


def test_a_price_of_the_future_is_refused_since_it_would_win(folder: Path) -> None:
    later = dataclasses.replace(OFFER, as_of="2027-01")
    with pytest.raises(DataContractError, match="after 2026-11-22"):
        save_offers(folder, "aws", [OFFER, dataclasses.replace(later, term="1yr")], today=date(2026, 11, 22))
    assert not list((folder / "imported").glob("*"))


def test_an_offer_at_two_prices_is_told() -> None:
    dearer = dataclasses.replace(OFFER, usd=2 * OFFER.usd)
    (told,) = repeated([OFFER, dearer, OFFER])
    assert told.subject == OFFER.name
    assert f"{OFFER.usd:g} is kept" in told.detail
    assert repeated([OFFER, OFFER]) == []
