"""The committed catalogue, and what is refused in a broken one."""

from __future__ import annotations

import shutil
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from acceltrial.catalog import AliasIndex, Catalogue, load_catalogue
from acceltrial.errors import ConfigurationError, DataContractError
from schemas.base import check_table, polars_schema
from schemas.inputs import AcceleratorFacts, Accelerators, Models, Prices


@pytest.fixture(scope="module")
def catalogue(checkout: Path) -> Catalogue:
    return load_catalogue(checkout / "data" / "catalogue", today=date(2026, 11, 22))


@pytest.fixture
def broken(checkout: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "catalogue"
    shutil.copytree(checkout / "data" / "catalogue", folder)
    return folder


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("accelerators", Accelerators),
        ("accelerator_facts", AcceleratorFacts),
        ("prices", Prices),
        ("models", Models),
    ],
)
def test_tables_meet_the_pipelines_contracts(catalogue: Catalogue, name: str, model: type) -> None:
    frame = getattr(catalogue, name)
    assert list(frame.columns) == list(polars_schema(model))
    check_table(model, frame, name)


def test_every_class_of_the_mission_is_there_with_its_question(catalogue: Catalogue) -> None:
    assert catalogue.accelerators.height >= 76
    assert catalogue.models.height >= 60
    assert set(catalogue.accelerators["accelerator_class"]) == set(catalogue.classes["accelerator_class"])
    assert all(question.endswith("?") for question in catalogue.classes["question"])


def test_every_filled_cell_has_a_source(catalogue: Catalogue) -> None:
    facts = set(catalogue.accelerator_facts.select("accelerator", "field").rows())
    unsourced = [
        (row["accelerator"], column)
        for row in catalogue.accelerators.iter_rows(named=True)
        for column, value in row.items()
        if value is not None and column not in {"accelerator", "accelerator_class", "family"}
        if (row["accelerator"], column) not in facts
    ]
    assert unsourced == []


def test_sources_that_disagree_are_both_kept_and_the_choice_is_explained(catalogue: Catalogue) -> None:
    facts = catalogue.accelerator_facts
    rows = facts.filter((facts["accelerator"] == "b300-sxm") & (facts["field"] == "int8_tops"))
    assert set(rows["value"]) == {"153.5", "4500"}
    assert Counter(note.split(":")[0] for note in rows["note"]) == {"chosen": 1, "not chosen": 1}


def test_gibibytes_become_gigabytes(catalogue: Catalogue) -> None:
    assert catalogue.accelerator("trainium1")["memory_gb"] == pytest.approx(34.36)


def test_known_price_traps_did_not_get_in(catalogue: Catalogue) -> None:
    prices = catalogue.prices
    assert prices.filter(prices["usd_per_accelerator_hour"] == 700.0).is_empty()
    trn2 = prices.filter((prices["accelerator"] == "trainium2") & (prices["model"] == "on_demand"))
    assert trn2.is_empty()
    pods = prices.filter(prices["instance_type"] == "tpu-v5p-12288")
    assert set(pods["accelerators_per_instance"]) == {6144.0}


def test_offers_are_in_the_eu_and_the_us_and_of_each_kind(catalogue: Catalogue) -> None:
    assert {"eu", "us"} <= set(catalogue.prices["residency"])
    assert {"on_demand", "spot", "reserved", "owned"} <= set(catalogue.prices["model"])


def test_stale_prices_are_found_by_the_date_passed_in(checkout: Path, catalogue: Catalogue) -> None:
    assert any(finding.finding == "stale_price" for finding in catalogue.findings)
    earlier = load_catalogue(checkout / "data" / "catalogue", today=date(2026, 9, 7))
    assert len(earlier.findings) < len(catalogue.findings) or earlier.findings != catalogue.findings
    unasked = load_catalogue(checkout / "data" / "catalogue")
    assert not any(finding.finding == "stale_price" for finding in unasked.findings)


def test_missing_folder_and_file_are_configuration_errors(broken: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError):
        load_catalogue(tmp_path / "nowhere")
    (broken / "prices.csv").unlink()
    with pytest.raises(ConfigurationError, match=r"prices\.csv"):
        load_catalogue(broken)


@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        ("accelerators.csv", ",gpu,nvidia-volta,", ",toaster,nvidia-volta,", "column accelerator_class"),
        ("accelerators.csv", ",2018,32,898,", ",2018,-32,898,", "column memory_gb"),
        ("accelerators.csv", ",2018,32,898,", ",2018,nan,898,", "not a finite number"),
        ("accelerators.csv", ",2018,32,898,", ",2018,inf,898,", "not a finite number"),
        ("accelerators.csv", ",2018,32,898,", ",2018,many,898,", "not a number"),
        ("accelerators.csv", "t4,NVIDIA", "../t4,NVIDIA", "column accelerator"),
        ("accelerators.csv", "t4,NVIDIA", "<b>t4</b>,NVIDIA", "column accelerator"),
        ("accelerators.csv", "t4,NVIDIA", "a10,NVIDIA", "stands twice"),
        ("accelerators.csv", "accelerator,vendor", "accelerator,seller", "column 'vendor' is missing"),
        ("prices.csv", ",on_demand,0.526,", ",on_demand,0,", "column usd_per_accelerator_hour"),
        ("prices.csv", ",on_demand,0.526,", ",rented,0.526,", "column model"),
        ("prices.csv", "2026-09-06", "yesterday", "column as_of"),
    ],
)
def test_a_breach_names_file_row_column_and_remedy(
    broken: Path, file: str, old: str, new: str, says: str
) -> None:
    path = broken / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(DataContractError) as caught:
        load_catalogue(broken)
    assert says in str(caught.value)
    assert file in caught.value.where
    assert "row" in caught.value.where
    assert caught.value.remedy


def test_an_offer_for_an_unknown_device_is_refused(broken: Path) -> None:
    path = broken / "prices.csv"
    header, first, *rest = path.read_text().splitlines()
    cells = first.split(",")
    cells[1] = "warp-drive"
    path.write_text("\n".join([header, ",".join(cells), *rest]) + "\n")
    with pytest.raises(DataContractError, match="warp-drive"):
        load_catalogue(broken)


def test_not_text_and_ragged_rows_are_refused(broken: Path) -> None:
    (broken / "models.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataContractError, match="UTF-8"):
        load_catalogue(broken)
    (broken / "models.csv").write_text("model,family\na,b,c\n")
    with pytest.raises(DataContractError, match="cells"):
        load_catalogue(broken)
    (broken / "models.csv").write_text("")
    with pytest.raises(DataContractError, match="empty"):
        load_catalogue(broken)


@pytest.mark.parametrize(
    ("name", "identity"),
    [
        ("NVIDIA H200-SXM-141GB", "h200-sxm"),
        ("AMD Instinct MI300X-NPS1-SPX-192GB-750W", "mi300x"),
        ("NVIDIA RTX PRO 6000 Blackwell Server Edition", "rtx-pro-6000-server"),
        ("Trainium1", "trainium1"),
        ("TPU v6", "tpu-v6e"),
        ("Intel Gaudi 3", "gaudi3"),
        ("nvidia a100-pcie-80gb", "a100-80-pcie"),
    ],
)
def test_names_as_sources_write_them(catalogue: Catalogue, name: str, identity: str) -> None:
    assert catalogue.accelerator(name)["accelerator"] == identity


def test_unknown_names_are_refused_with_the_nearest(catalogue: Catalogue) -> None:
    with pytest.raises(ConfigurationError) as caught:
        catalogue.accelerator("H201")
    assert "H20" in caught.value.remedy
    with pytest.raises(ConfigurationError, match="no model is known"):
        catalogue.model("llama-9-1b-that-nobody-has")
    assert catalogue.accelerator_names.find("GH200-GraceHopper-Superchip-192GB") is None


def test_an_underscore_between_digits_is_a_point() -> None:
    names = AliasIndex("model", [("llama-3-70b", "three"), ("llama-3.3-70b", "three-three")])
    assert names.find("Meta-Llama-3_3-70B-Instruct") == "three-three"
