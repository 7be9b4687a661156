from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from stages.score.choice import Choice
from stages.score.flips_table import engineering_flip, flip_rows, quality_flip, utilisation_flip
from stages.score.params import ScoreParams

PARAMS = ScoreParams(measurement_draws=40, weight_draws=20)


@pytest.fixture
def choice(rows: Any, chooser: Callable[..., Any]) -> Choice:
    made = chooser(rows)
    chosen: Choice = made.choose(next(w for w in made.world.workloads if w.id == "chat"))
    return chosen


def test_every_kind_has_a_row_with_a_point_or_a_reason(choice: Choice) -> None:
    found = flip_rows(choice, PARAMS)
    assert [row["kind"] for row in found] == [
        "price", "rival_price", "volume", "utilisation", "quality", "engineering_cost",
    ]  # fmt: skip
    for row in found:
        assert (row["flips_at"] is None) == bool(row["reason"])
        if row["factor"] is not None:
            assert row["distance"] == pytest.approx(abs(math.log(row["flips_at"] / row["today"])))


def test_at_a_stored_price_the_choice_is_level(
    rows: Any, chooser: Callable[..., Any], choice: Choice
) -> None:
    row = next(r for r in flip_rows(choice, PARAMS) if r["kind"] == "price")
    assert row["flips_at"] is not None
    device = choice.winner.option.device  # type: ignore[union-attr]
    for factor, stays in ((0.999, True), (1.001, False)):
        for price in rows["prices"]:
            if price["accelerator"] == device and price["model"] == "on_demand":
                price["usd_per_accelerator_hour"] = row["flips_at"] * factor
        made = chooser(rows)
        again = made.choose(next(w for w in made.world.workloads if w.id == "chat"))
        assert (again.winner.option.id == row["option"]) == stays


def test_worse_quality_and_slower_replicas_lose_the_lead_when_they_cost_enough(choice: Choice) -> None:
    for solved in (quality_flip(choice, PARAMS), utilisation_flip(choice, PARAMS)):
        assert solved is None or 0 < solved <= 1
    people = engineering_flip(choice, PARAMS)
    assert people is None or people > 0


def test_a_single_device_has_reasons_only(rows: Any, chooser: Callable[..., Any]) -> None:
    made = chooser(rows)
    tune = made.choose(next(w for w in made.world.workloads if w.id == "tune"))
    found = flip_rows(tune, PARAMS)
    assert all("another device" in row["reason"] for row in found)
    assert all(row["rival"] is None for row in found)


def test_nothing_recommended_has_no_rows(rows: Any, chooser: Callable[..., Any]) -> None:
    rows["workloads"][0]["residency"] = "ap"
    made = chooser(rows)
    assert flip_rows(made.choose(next(w for w in made.world.workloads if w.id == "chat")), PARAMS) == []
