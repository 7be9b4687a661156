from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from schemas.base import table_of
from schemas.decision import Flips
from stages.score.reopening import in_words, reopened


def tables(price: float = 2.0, volume: float = 100.0, option: str = "gpu", quality: float = 0.8) -> Any:
    base = {"workload": "chat", "option": option, "unit": "-", "reason": "", "rival": "chip"}
    flips = [
        {**base, "kind": "price", "key": "price.p", "today": price, "flips_at": 3.0},
        {**base, "kind": "volume", "key": "workload.chat.volume", "today": volume, "flips_at": 50.0},
        {
            **base,
            "kind": "quality",
            "key": f"option.{option}.success_rate",
            "today": quality,
            "flips_at": 0.7,
        },
        {**base, "kind": "rival_price", "key": "price.gone", "today": None, "flips_at": None, "reason": "no"},
    ]
    return {
        "flips": table_of(Flips, flips),
        "decisions": pl.DataFrame({"workload": ["chat"], "option": [option]}),
        "prices": pl.DataFrame({"price": ["p"], "usd_per_accelerator_hour": [price]}),
        "workloads": pl.DataFrame({"workload": ["chat"], "actions_per_month": [volume]}),
    }


def test_nothing_reopens_where_nothing_is_crossed() -> None:
    assert reopened(tables(), tables(price=2.9, volume=51.0, quality=0.71)) == []


@pytest.mark.parametrize(
    ("change", "kind"),
    [({"price": 3.0}, "price"), ({"volume": 40.0}, "volume"), ({"quality": 0.6}, "quality")],
)
def test_a_crossed_condition_reopens(change: dict[str, float], kind: str) -> None:
    found = reopened(tables(), tables(**change))
    assert [entry["why"] for entry in found] == [f"{kind} crossed its flip condition"]
    assert "chat reopened" in in_words(found[0])
    assert "flips at" in in_words(found[0])


def test_a_price_is_watched_though_the_winner_is_another_one_by_now() -> None:
    found = reopened(tables(), tables(price=4.0, option="chip"))
    assert {entry["why"] for entry in found} == {
        "price crossed its flip condition", "another option is recommended",
    }  # fmt: skip
    assert "gpu → chip" in in_words(found[0])
