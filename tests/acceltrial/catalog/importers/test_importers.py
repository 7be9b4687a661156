"""Foreign tables in, the catalogue's tables out."""

from __future__ import annotations

from pathlib import Path

import pytest

from acceltrial.catalog import AliasIndex, load_catalogue
from acceltrial.catalog.importers.accelerators import import_accelerators
from acceltrial.catalog.importers.offers import read_offers, select
from acceltrial.catalog.importers.refresh import refresh_devices, refresh_prices
from acceltrial.catalog.reading import read_rows
from acceltrial.errors import DataContractError

DEVICES = """\
id,vendor,name,class,year,memory_gb,tdp_w,runtimes,quantisation,availability,source,confidence,as_of,notes
one,Maker,One,gpu,2024,32,100,PyTorch,fp8,shop,page,vendor_doc,2026-08,GiB. something
two,Maker,Two,gpu,2025,80,,PyTorch,,,page,mixed,2026-08,
"""
CELLS = """\
accelerator,field,value,unit,source,as_of,confidence,chosen,note
two,tdp_w,400,W,a,2026,vendor_repo,yes,newer
two,tdp_w,300,W,b,2025,third_party_repo,no,older
"""
OFFERS_HEADER = (
    "provider,region,instance_type,accelerator,count,price_ondemand_usd_hr,price_spot_usd_hr,"
    "as_of,source,source_commit\n"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    curated = tmp_path / "curated"
    curated.mkdir()
    (curated / "families.csv").write_text("accelerator,family\none,maker-a\ntwo,maker-b\n")
    (curated / "cells.csv").write_text(CELLS)
    (curated / "offers.csv").write_text(
        "price,accelerator,provider,region,residency,environment,instance_type,accelerators_per_instance,"
        "model,usd_per_accelerator_hour,grade,source,as_of,confidence,note\n"
        "mine,one,owned,site,any,edge,,1,owned,0.1,declared,page,2026,declared,\n"
    )
    (tmp_path / "aliases.csv").write_text("kind,alias,id\naccelerator,Device One,one\n")
    (tmp_path / "devices.csv").write_text(DEVICES)
    return tmp_path


def _import(folder: Path) -> object:
    curated = folder / "curated"
    return import_accelerators(folder / "devices.csv", curated / "families.csv", curated / "cells.csv")


def test_curated_cells_overrule_and_the_other_value_is_kept(folder: Path) -> None:
    imported = _import(folder)
    assert imported.accelerators[1]["tdp_w"] == "400"
    told = {fact["value"]: fact["note"] for fact in imported.facts if fact["field"] == "tdp_w"}
    assert told == {"100": "", "400": "chosen: newer", "300": "not chosen: older"}
    assert imported.accelerators[0]["memory_gb"] == "34.36"


def test_a_device_without_family_and_a_cell_without_device_are_refused(folder: Path) -> None:
    (folder / "curated" / "families.csv").write_text("accelerator,family\none,maker-a\n")
    with pytest.raises(DataContractError, match="no family"):
        _import(folder)
    (folder / "curated" / "cells.csv").write_text(CELLS.replace("two,", "six,"))
    with pytest.raises(DataContractError, match="six"):
        _import(folder)


def test_devices_of_our_own_join_until_the_foreign_table_has_them(folder: Path) -> None:
    foreign = (folder / "devices.csv").read_text().splitlines()
    own = folder / "curated" / "devices.csv"
    own.write_text("\n".join([foreign[0], foreign[1], foreign[2].replace("two,", "three,", 1)]) + "\n")
    with (folder / "curated" / "families.csv").open("a") as families:
        families.write("three,maker-c\n")
    assert refresh_devices(folder, folder / "devices.csv").rows["accelerators"] == 3
    assert {"one", "two", "three"} == {row["accelerator"] for row in read_rows(folder / "accelerators.csv")}


def test_refresh_writes_tables_that_load(folder: Path) -> None:
    assert refresh_devices(folder, folder / "devices.csv").rows["accelerators"] == 2
    offers = folder / "offers.csv"
    offers.write_text(
        OFFERS_HEADER
        + "cloud,eu-west-1,big,Device One,8,16.0,4.0,2026-09-01,list (MIT),abc\n"
        + "cloud,eu-west-1,odd,Device One,1,700.0,,2026-09-01,list (MIT),abc\n"
        + "cloud,us-east-1,none,Device One,1,,,2026-09-01,list (MIT),abc\n"
        + "cloud,us-east-1,other,Unheard Of,1,1.0,,2026-09-01,list (MIT),abc\n"
    )
    done = refresh_prices(folder, offers)
    assert len(done.findings) == 2
    prices = load_catalogue(folder).prices
    assert dict(zip(prices["model"], prices["usd_per_accelerator_hour"], strict=True)) == {
        "on_demand": 2.0,
        "owned": 0.1,
        "spot": 0.5,
    }
    assert set(prices.filter(prices["provider"] == "cloud")["residency"]) == {"eu"}


def test_an_unlicensed_list_gives_single_prices_and_only_where_no_other_does(folder: Path) -> None:
    offers = folder / "offers.csv"
    row = "{},{},i,Device One,1,{},,2026-09-01,{},abc\n"
    offers.write_text(
        OFFERS_HEADER
        + row.format("a", "us-east-1", 1.0, "skypilot-catalog")
        + row.format("b", "us-east-1", 2.0, "licensed list")
        + row.format("c", "eu-west-1", 1.1, "skypilot-catalog")
        + row.format("d", "eu-west-1", 1.2, "skypilot-catalog")
        + row.format("e", "ap-south-1", 1.3, "skypilot-catalog")
    )
    found, _ = read_offers(offers, AliasIndex("accelerator", [("Device One", "one")]))
    assert [offer.provider for offer in select(found)] == ["b", "c"]


def test_a_tpu_slice_named_as_the_accelerator_counts_its_chips_not_its_cores(folder: Path) -> None:
    offers = folder / "offers.csv"
    row = "gcp,us-east1,(accelerator only),{},1,{},,2022-11-26,licensed list,abc\n"
    offers.write_text(OFFERS_HEADER + row.format("tpu-v3-64", 64.0) + row.format("tpu-v3-8", 8.0))
    found, _ = read_offers(offers, AliasIndex("accelerator", [("TPU v3", "tpu-v3")]))
    assert [(offer.accelerators_per_instance, offer.usd) for offer in found] == [(32, 2.0), (4, 2.0)]
    assert [offer.accelerators_per_instance for offer in select(found)] == [4]
    assert found[0].note == "slice of 32 chips: the name counts cores"


def test_a_spot_price_above_on_demand_and_a_shared_device_are_left_out(folder: Path) -> None:
    offers = folder / "offers.csv"
    row = "{},us-east-1,i,Device One,1,{},{},2026-09-01,licensed list,abc\n"
    offers.write_text(
        OFFERS_HEADER
        + row.format("a", 2.0, 3.0)
        + row.format("b", 2.1, "")
        + row.format("c", 0.2, "")
        + row.format("d", 2.2, "")
    )
    found, _ = read_offers(offers, AliasIndex("accelerator", [("Device One", "one")]))
    chosen = select(found)
    assert {offer.model for offer in chosen} == {"on_demand"}
    assert "c" not in {offer.provider for offer in chosen}


def test_cells_that_are_no_figures_are_left_out_and_another_table_is_refused(folder: Path) -> None:
    offers, names = folder / "offers.csv", AliasIndex("accelerator", [("Device One", "one")])
    row = "a,us-east-1,i,Device One,{},{},,{},licensed list,abc\n"
    wrong = [("1", "free", "2026"), ("0", "2.0", "2026"), ("1", "nan", "2026"), ("1", "2.0", "yesterday")]
    offers.write_text(OFFERS_HEADER + "".join(row.format(*cells) for cells in wrong))
    found, findings = read_offers(offers, names)
    assert not found
    told = " | ".join(finding.detail for finding in findings)
    assert all(f"row {number}: " in told for number in (2, 3, 4, 5))
    offers.write_text("device;price\nDevice One;2\n")
    with pytest.raises(DataContractError, match="'provider' is missing"):
        read_offers(offers, names)
