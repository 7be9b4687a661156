"""Plain price lists, with foreign columns, currencies and units."""

from __future__ import annotations

from pathlib import Path

import pytest

from acceltrial.catalog import Catalogue, load_catalogue
from acceltrial.catalog.importers.money import parse_rates
from acceltrial.catalog.importers.price_table import table_offers
from acceltrial.catalog.location import find_catalogue
from acceltrial.catalog.offer import Offer
from acceltrial.errors import AcceltrialError, ConfigurationError, DataContractError


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue(find_catalogue())


def read(
    path: Path, catalogue: Catalogue, text: str, *columns: str, rates: tuple[str, ...] = ()
) -> list[Offer]:
    path.write_text(text)
    mapped = dict(column.split("=") for column in columns)
    return table_offers(
        path, catalogue, columns=mapped, rates=parse_rates(list(rates)), as_of="2026-11-22"
    )  # fmt: skip


def test_a_quote_in_euros_a_month_becomes_usd_an_accelerator_hour(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    text = (
        "gpu,price,per,currency,count,region,model,term\nH100 SXM,14600,month,EUR,8,eu-west-1,reserved,1yr\n"
    )
    (offer,) = read(tmp_path / "quote.csv", catalogue, text, "accelerator=gpu", rates=("EUR=1.1",))
    assert offer.usd == pytest.approx(14600 * 1.1 / 730 / 8)
    assert (offer.accelerator, offer.residency, offer.grade, offer.model) == (
        "h100-sxm",
        "eu",
        "declared",
        "reserved",
    )
    assert offer.provider == "quote"
    assert "14600 EUR at 1.1 USD" in offer.note


@pytest.mark.parametrize(
    ("cells", "where", "remedy"),
    [
        ("H1O0,2,USD,1,hour", "row 2", "did you mean"),
        ("H100,two,USD,1,hour", "row 2", "correct"),
        ("H100,-2,USD,1,hour", "row 2", "correct"),
        ("H100,nan,USD,1,hour", "row 2", "correct"),
        ("H100,inf,USD,1,hour", "row 2", "correct"),
        ("H100,0,USD,1,hour", "row 2", "correct"),
        ("H100,700,USD,1,hour", "row 2", "correct"),
        ("H100,2,EUR,1,hour", "row 2", "--rate EUR"),
        ("H100,2,USD,0,hour", "row 2", "correct"),
        ("H100,2,€,1,hour", "row 2", "three letters"),
        ("H100,\"2,50\",USD,1,hour", "row 2", "correct"),
        ("tpu-v3-64,64,USD,64,hour", "row 2", "correct"),
        ("H100,2,USD,1,GPU hour", "row 2", "correct"),
        ("H100,2,USD,1,fortnight", "row 2", "correct"),
        ("<script>,2,USD,1,hour", "row 2", ""),
    ],
)  # fmt: skip
def test_a_wrong_row_is_named_and_nothing_is_skipped(
    tmp_path: Path, catalogue: Catalogue, cells: str, where: str, remedy: str
) -> None:
    with pytest.raises(DataContractError) as caught:
        read(tmp_path / "t.csv", catalogue, f"accelerator,price,currency,count,per\n{cells}\n")
    assert where in caught.value.where
    assert remedy in caught.value.remedy


def test_a_tpu_slice_is_priced_by_its_chips(tmp_path: Path, catalogue: Catalogue) -> None:
    text = "accelerator,price\ntpu-v3-64,64\nCloud TPU v5e-8,9.6\nTPU v4,3.2\n"
    offers = read(tmp_path / "t.csv", catalogue, text)
    assert [(offer.accelerator, offer.accelerators_per_instance, offer.usd) for offer in offers] == [
        ("tpu-v3", 32, 2.0),
        ("tpu-v5e", 8, pytest.approx(1.2)),
        ("tpu-v4", 1, 3.2),
    ]


def test_a_known_instance_type_tells_how_many_accelerators_are_priced(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    text = "accelerator,price,instance_type,count\nH100,98.32,p5.48xlarge,\nH100,98.32,p5.48xlarge,8\n"
    offers = read(tmp_path / "t.csv", catalogue, text)
    assert [offer.usd for offer in offers] == [pytest.approx(12.29)] * 2
    for row in ("H100,98.32,p5.48xlarge,4", "A100,3.67,a2-highgpu-1g,"):
        with pytest.raises(DataContractError, match="contradict"):
            read(tmp_path / "t.csv", catalogue, f"accelerator,price,instance_type,count\n{row}\n")


def test_a_spreadsheets_table_reads_alike(tmp_path: Path, catalogue: Catalogue) -> None:
    text = "\ufeffper;note;price;accelerator;model\nPer Month;<b>ours</b>;7300;H100 SXM;On-Demand\n"
    (offer,) = read(tmp_path / "t.csv", catalogue, text)
    assert (offer.usd, offer.model, offer.note) == (10.0, "on_demand", "<b>ours</b>")


def test_columns_that_are_not_there_are_told(tmp_path: Path, catalogue: Catalogue) -> None:
    with pytest.raises(ConfigurationError, match="no column 'price'"):
        read(tmp_path / "t.csv", catalogue, "accelerator,usd\nH100,2\n")
    with pytest.raises(ConfigurationError, match="'cost' is no column of ours"):
        read(tmp_path / "t.csv", catalogue, "accelerator,usd\nH100,2\n", "cost=usd")


@pytest.mark.parametrize("rate", ["EUR", "EUR=", "EUR=0", "EUR=-1", "EUR=inf", "eur=1", "EURO=1"])
def test_rates_are_checked(rate: str) -> None:
    with pytest.raises(AcceltrialError, match="no exchange rate"):
        parse_rates([rate])
