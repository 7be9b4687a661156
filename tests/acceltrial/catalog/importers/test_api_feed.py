"""LiteLLM's price feed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from acceltrial.catalog import load_catalogue
from acceltrial.catalog.importers.api_feed import import_api_prices
from acceltrial.catalog.location import find_catalogue
from acceltrial.errors import DataContractError


def entry(inp: Any = 1e-7, out: Any = 4e-7, **more: Any) -> dict[str, Any]:
    base = {
        "mode": "chat",
        "litellm_provider": "groq",
        "input_cost_per_token": inp,
        "output_cost_per_token": out,
    }
    return {**base, **more}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(find_catalogue(), tmp_path / "catalogue"))


def test_known_models_are_taken_and_odd_prices_told(folder: Path, tmp_path: Path) -> None:
    feed = tmp_path / "feed.json"
    feed.write_text(
        json.dumps(
            {
                "sample_spec": {"mode": "chat"},
                "groq/openai/gpt-oss-120b": entry(),
                "groq/qwen/qwen3-32b": entry(out=0),
                "groq/llama-3.3-70b": entry(out=1e-2),
                "groq/llama-3.1-8b": entry(inp="NaN"),
                "groq/unheard-of-9b": entry(),
                "groq/whisper-large-v3": entry(mode="audio_transcription"),
            }
        )
    )
    path, rows, findings = import_api_prices(feed, load_catalogue(folder), "2026-11-01")
    assert (path.name, rows, len(findings)) == ("api_prices.csv", 1, 3)
    (row,) = load_catalogue(folder).api_prices.to_dicts()
    assert (row["model"], row["accelerator"], row["as_of"]) == ("gpt-oss-120b", "groq-lpu-v1", "2026-11-01")
    assert row["usd_per_million_output_tokens"] == pytest.approx(0.4)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"a": 1}', "{"])
def test_another_file_is_refused_and_the_old_prices_stay(folder: Path, tmp_path: Path, text: str) -> None:
    before = (folder / "api_prices.csv").read_bytes()
    (tmp_path / "feed.json").write_text(text)
    with pytest.raises(DataContractError):
        import_api_prices(tmp_path / "feed.json", load_catalogue(folder), "2026-11-01")
    assert (folder / "api_prices.csv").read_bytes() == before


def test_the_shipped_prices_are_believable_and_name_the_chips_of_their_makers() -> None:
    prices = load_catalogue(find_catalogue()).api_prices
    assert prices.height > 100
    own = prices.drop_nulls("accelerator")
    assert set(own["provider"]) == {"groq", "cerebras", "sambanova"}
