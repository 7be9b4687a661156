"""Prices a token of hosted services, from LiteLLM's price feed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from acceltrial.catalog.catalogue import Catalogue
from acceltrial.catalog.columns import API_PRICES
from acceltrial.catalog.findings import Finding
from acceltrial.catalog.reading import read_table
from acceltrial.catalog.tables import as_csv
from acceltrial.errors import DataContractError
from acceltrial.storage.atomic import replacing, storage_error

OWN_CHIPS = {"groq": "groq-lpu-v1", "cerebras": "cerebras-wse3", "sambanova": "sambanova-sn40l"}
"""Providers that serve from their own accelerators; of the others the feed does not say."""
MOST_USD_PER_MILLION = 60.0
"""Above every open model's price: the feed has other units and typing errors up there."""
_ASIDE = frozenset({"sample_spec"})


def import_api_prices(
    path: Path, catalogue: Catalogue, as_of: str, providers: Sequence[str] | None = None
) -> tuple[Path, int, list[Finding]]:
    """Writes api_prices.csv from the feed's chat models that the catalogue knows.

    Returns:
        The file, its number of rows, and why entries of known models were left out.

    Raises:
        DataContractError: the file is no such feed, or has no usable price.
        StorageError: a file cannot be read or written.
    """
    rows, findings = [], []
    for name, entry in sorted(_feed(path).items()):
        if name in _ASIDE or not isinstance(entry, dict) or entry.get("mode") not in ("chat", "completion"):
            continue
        provider = str(entry.get("litellm_provider", ""))
        model = catalogue.model_names.find(name.rpartition("/")[2])
        if model is None or (providers and provider not in providers):
            continue
        try:
            asked = {
                f"usd_per_million_{side}_tokens": _per_million(entry, f"{side}_cost_per_token")
                for side in ("input", "output")
            }
        except ValueError as error:
            findings.append(
                Finding(
                    "price", name, "price_left_out", "info", str(error), "look at the provider's own page"
                )
            )
            continue
        rows.append(
            {
                "provider": provider,
                "model": model,
                "served_as": name,
                **{column: f"{value:.6g}" for column, value in asked.items()},
                "accelerator": OWN_CHIPS.get(provider, ""),
                "source": f"LiteLLM price feed {path.name} (MIT)",
                "as_of": as_of,
                "confidence": "third_party_repo",
            }
        )
    if not rows:
        raise DataContractError(
            "no usable price of a model of the catalogue",
            where=str(path),
            remedy="give LiteLLM's model_prices_and_context_window.json",
        )
    target = catalogue.folder / "api_prices.csv"
    with replacing(target) as temporary:
        temporary.write_text(as_csv(API_PRICES, rows), encoding="utf-8")
        read_table(temporary, API_PRICES, ("provider", "served_as"))
    return target, len(rows), findings


def _feed(path: Path) -> dict[str, Any]:
    try:
        found = orjson.loads(path.read_bytes())
    except OSError as error:
        raise storage_error(error, path) from error
    except orjson.JSONDecodeError as error:
        raise DataContractError(
            f"not JSON ({error})", where=str(path), remedy="give LiteLLM's price feed"
        ) from error
    if not isinstance(found, dict):
        raise DataContractError("no JSON object", where=str(path), remedy="give LiteLLM's price feed")
    return found


def _per_million(entry: Mapping[str, Any], name: str) -> float:
    try:
        value = float(entry[name]) * 1e6
    except (KeyError, TypeError, ValueError):
        raise ValueError(f"{name} is missing or no number") from None
    if not math.isfinite(value) or not 0 < value <= MOST_USD_PER_MILLION:
        raise ValueError(f"{value:g} USD a million tokens by {name} is not believable")
    return value
