from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from acceltrial.errors import ConfigurationError
from stages.score.private_offers import with_private_offers
from tests.stages.score.conftest import Rows

OFFER = """offers:
  - {offer: our-a, accelerator: gpu-a, provider: cloudy, region: eu-1, residency: eu,
     environment: public_cloud,
     price_model: on_demand, usd_per_accelerator_hour: 1, source: quote 12, as_of: 2026-10,
     expires: EXPIRES}
"""
TODAY = date(2026, 11, 20)


@pytest.fixture
def prices(rows: Rows, build: Callable[[Rows], dict[str, pl.DataFrame]]) -> pl.DataFrame:
    return build(rows)["prices"]


def test_a_valid_offer_replaces_the_list_price_of_its_place(prices: pl.DataFrame, tmp_path: Path) -> None:
    (tmp_path / "offers.yaml").write_text(OFFER.replace("EXPIRES", "2026-11-20"))
    found, told = with_private_offers(prices, tmp_path, TODAY)
    assert told == []
    assert set(prices["price"]) - set(found["price"]) == {"a-eu"}
    row = found.filter(pl.col("price") == "our-a").row(0, named=True)
    assert (row["usd_per_accelerator_hour"], row["grade"]) == (1.0, "declared")
    assert "quote 12" in row["source"]


def test_an_expired_offer_leaves_the_list_price_and_is_told(prices: pl.DataFrame, tmp_path: Path) -> None:
    (tmp_path / "offers.yaml").write_text(OFFER.replace("EXPIRES", "2026-11-19"))
    found, told = with_private_offers(prices, tmp_path, TODAY)
    assert found.equals(prices)
    assert [row["finding"] for row in told] == ["expired offer"]


def test_without_a_file_nothing_changes(prices: pl.DataFrame, tmp_path: Path) -> None:
    assert with_private_offers(prices, tmp_path, TODAY)[0].equals(prices)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("hour: 1,", "hour: 0,", "usd_per"),
        ("source: quote 12, ", "", "source"),
        ("offer: our-a", "offer: ../a", "offer"),
    ],
)
def test_wrong_offers_are_refused(
    prices: pl.DataFrame, tmp_path: Path, old: str, new: str, said: str
) -> None:
    (tmp_path / "offers.yaml").write_text(OFFER.replace("EXPIRES", "2027-01-01").replace(old, new))
    with pytest.raises(ConfigurationError, match=said):
        with_private_offers(prices, tmp_path, TODAY)


def test_a_name_given_twice_is_refused(prices: pl.DataFrame, tmp_path: Path) -> None:
    text = OFFER.replace("EXPIRES", "2027-01-01")
    (tmp_path / "offers.yaml").write_text(text + text.removeprefix("offers:\n"))
    with pytest.raises(ConfigurationError, match="two offers have the name our-a"):
        with_private_offers(prices, tmp_path, TODAY)
