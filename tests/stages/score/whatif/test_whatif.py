from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from acceltrial.errors import ConfigurationError, DataContractError
from stages.score.params import ScoreParams
from stages.score.whatif import decide_again, known_keys

PARAMS = {"measurement_draws": 40, "weight_draws": 20}
Again = Callable[..., dict[str, Any]]


@pytest.fixture
def again(rows: Any, score: Callable[..., Any], build: Callable[..., Any], tmp_path: Path) -> Again:
    tables = {**build(rows), **score(rows)}

    def run(*given: str, params: ScoreParams | None = None) -> dict[str, Any]:
        settings = params or ScoreParams(**PARAMS)
        return decide_again(tables, settings, tmp_path / "data/portfolio", date(2026, 11, 20), list(given))

    return run


def row_of(found: dict[str, Any], name: str) -> dict[str, Any]:
    return next(row for row in found["workloads"] if row["workload"] == name)


def test_it_decides_as_the_whole_stage_would(rows: Any, score: Callable[..., Any], again: Again) -> None:
    found = again("price.gpu-a=x40", "workload.chat.volume=x3", "power.pue=1.2")
    changed = copy.deepcopy(rows)
    for row in changed["prices"]:
        row["usd_per_accelerator_hour"] *= 40 if row["accelerator"] == "gpu-a" else 1
    changed["workloads"][0]["actions_per_month"] *= 3
    pue = {"value": 1.2, "low": 1.1, "high": 1.8, "source": "s", "as_of": "2025-07-01"}
    whole = score(changed, pue=pue)
    for row in whole["decisions"].to_dicts():
        after = row_of(found, row["workload"])["after"]
        assert after["option"] == row["option"]
        assert after["score"] == pytest.approx(row["score"])
        assert after["margin"] == (None if row["margin"] is None else pytest.approx(row["margin"]))
    month = {
        row["workload"]: row["value"]
        for row in whole["costs"].to_dicts()
        if row["metric"] == "usd_per_month"
        and row_of(found, row["workload"])["after"]["option"] == row["option"]
    }
    for name, usd in month.items():
        assert row_of(found, name)["after"]["usd_per_month"] == pytest.approx(usd)


def test_a_winner_that_falls_is_named_with_the_reason(again: Again) -> None:
    found = again("price.gpu-a=x1000")
    assert found["winners_changed"]
    row = row_of(found, found["winners_changed"][0])
    assert row["before"]["option"] in row["why"]
    assert row["after"]["option"] in row["why"]
    total = found["portfolio_usd_per_month"]
    assert total["change"] == pytest.approx(total["after"] - total["before"])


def test_volume_may_veto_by_replicas(again: Again) -> None:
    found = again("workload.chat.volume=x100000")
    row = row_of(found, "chat")
    assert row["newly_vetoed"]
    assert all("replicas" in reason for reason in row["newly_vetoed"].values())


def test_only_touched_workloads_are_decided_again(again: Again) -> None:
    assert [row["workload"] for row in again("workload.lab.volume=x2")["workloads"]] == ["lab"]
    assert {row["workload"] for row in again("price.local-q4=0.5")["workloads"]} == {"chat", "lab"}


def test_a_family_of_accelerators_is_one_key(
    rows: Any, build: Callable[..., Any], score: Callable[..., Any]
) -> None:
    keys = known_keys({**build(rows), **score(rows)}, ScoreParams())
    assert {"price.gpu", "price.gpu-a", "price.a-spot", "workload.chat.volume", "cost.on_call"} <= set(keys)


def test_unknown_keys_and_amounts_are_refused(again: Again) -> None:
    with pytest.raises(ConfigurationError, match="nearest"):
        again("price.h100=2")
    with pytest.raises(ConfigurationError):
        again("price.gpu-a=nan")


def test_a_winner_is_slower_or_answers_worse(again: Again) -> None:
    winner = row_of(again("workload.chat.volume=x1"), "chat")["before"]["option"]
    slower = row_of(again(f"option.{winner}.capacity=0.02"), "chat")
    assert slower["winner_changed"] or slower["after"]["usd_per_month"] > slower["before"]["usd_per_month"]
    worse = row_of(again(f"option.{winner}.success_rate=0.01"), "chat")
    assert worse["winner_changed"]
    assert "below the floor" in worse["newly_vetoed"][winner]


def test_people_and_shares_are_refused_where_they_cannot_be(again: Again) -> None:
    assert again("cost.people=x3")["portfolio_usd_per_month"]["change"] > 0
    with pytest.raises(ConfigurationError, match="several lines"):
        again("cost.people=300")
    with pytest.raises(ConfigurationError, match="share cannot be 2"):
        again("workload.chat.success_rate_floor=2")


def test_tables_of_another_evaluation_are_refused(again: Again) -> None:
    heavy = ScoreParams(**PARAMS, minimum_replicas={"customer_facing": 5})
    with pytest.raises(DataContractError, match="does not follow"):
        again("price.gpu-a=x1.1", params=heavy)
