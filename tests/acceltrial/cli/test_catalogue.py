from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from acceltrial.catalog.location import find_catalogue
from acceltrial.cli.catalogue import accelerators, classes, models, prices, refresh, runtimes
from acceltrial.errors import ConfigurationError


@pytest.fixture
def folder(checkout: Path) -> Path:
    return checkout / "data" / "catalogue"


def test_a_condition_chooses_rows(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    accelerators(where="memory_gb > 180 AND accelerator_class = 'gpu'", catalogue=folder, json=True)
    found = json.loads(capfd.readouterr().out)
    assert found
    assert all(row["memory_gb"] > 180 and row["accelerator_class"] == "gpu" for row in found)


def test_every_cell_can_be_asked_where_it_comes_from(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    accelerators(where="accelerator = 'b300-sxm'", sources=True, catalogue=folder, json=True)
    facts = json.loads(capfd.readouterr().out)
    assert {fact["field"] for fact in facts} >= {"int8_tops", "memory_gb", "tdp_w"}
    assert all(fact["source"] and fact["as_of"] and fact["confidence"] for fact in facts)


def test_sources_are_chosen_by_their_own_columns_too(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    condition = "accelerator = 'gaudi3' AND field = 'bf16_tflops' AND memory_gb > 100"
    accelerators(where=condition, sources=True, catalogue=folder, json=True)
    facts = json.loads(capfd.readouterr().out)
    assert {fact["value"] for fact in facts} == {"1677", "1835"}
    assert set(facts[0]) == {
        "accelerator", "field", "value", "unit", "source", "as_of", "confidence", "note",
    }  # fmt: skip


def test_each_list_prints_a_table(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    models(where="family = 'moe_llm'", catalogue=folder)
    prices(where="accelerator = 't4'", today="2026-11-22", catalogue=folder)
    runtimes(where="feature = 'chunked_prefill'", catalogue=folder)
    classes(catalogue=folder)
    printed = capfd.readouterr()
    assert "mixtral-8x7b" in printed.out
    assert "neuromorphic" in printed.out
    assert "rows" in printed.err
    runtimes(where="runtime = 'vLLM'", sources=True, catalogue=folder)
    assert "vllm-project/vllm" in capfd.readouterr().out
    models(sources=True, catalogue=folder)
    prices(sources=True, today="2026-11-22", catalogue=folder)
    assert "config.json" in capfd.readouterr().out


@pytest.mark.parametrize("condition", ["nonsense >", "no_such_column > 3", "", "memory_gb"])
def test_a_wrong_condition_is_told(folder: Path, condition: str) -> None:
    with pytest.raises(ConfigurationError, match="condition"):
        accelerators(where=condition, catalogue=folder)


def test_a_wrong_day_and_nothing_to_import_are_told(folder: Path) -> None:
    with pytest.raises(ConfigurationError, match="no date"):
        prices(today="tomorrow", catalogue=folder)
    with pytest.raises(ConfigurationError, match="nothing to import"):
        refresh(catalogue=folder)


def test_refresh_from_shared_facts_reproduces_the_committed_prices(
    folder: Path, shared_data: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "catalogue"
    shutil.copytree(folder, copy)
    refresh(offers=shared_data / "prices" / "cloud_prices.csv", catalogue=copy)
    assert (copy / "prices.csv").read_bytes() == (folder / "prices.csv").read_bytes()


def test_the_catalogue_is_found_above_the_working_folder(folder: Path, tmp_path: Path) -> None:
    assert find_catalogue(start=folder.parent / "portfolio") == folder.resolve()
    assert find_catalogue(tmp_path) == tmp_path
    assert find_catalogue(start=tmp_path).is_dir()
