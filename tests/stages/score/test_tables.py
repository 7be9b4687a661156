from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import polars as pl
import pytest

from schemas.decision import CRITERIA
from stages.score.tables import evidence_shares, next_step


def test_scores_cover_every_criterion_of_every_ranked_option(rows: Any, score: Callable[..., Any]) -> None:
    out = score(rows)
    ranked = out["ranking"].filter(~pl.col("vetoed"))
    assert len(out["scores"]) >= len(ranked) * len(CRITERIA)
    assert out["scores"].filter(pl.col("utility").is_null())["value"].is_null().all()


def test_intervals_hold_their_values(rows: Any, score: Callable[..., Any]) -> None:
    costs = score(rows)["costs"].filter(pl.col("low").is_not_null())
    assert costs.height > 0
    assert (costs["low"] <= costs["value"]).all()
    assert (costs["value"] <= costs["high"]).all()


def test_roles_rank_exactly_what_is_left(rows: Any, score: Callable[..., Any]) -> None:
    out = score(rows)
    kept = out["ranking"].filter(~pl.col("vetoed")).select("workload", "option")
    assert out["role_ranking"].select("workload", "option").unique().height == kept.height
    assert out["role_ranking"].height == 4 * kept.height


def test_shares_and_next_step_follow_the_evidence(rows: Any, chooser: Callable[..., Any]) -> None:
    rows["candidates"] = [row for row in rows["candidates"] if row["option"] == "local-q4"]
    made = chooser(rows)
    choice = made.choose(made.world.workloads[0])
    shares = evidence_shares(choice)
    assert shares["measured"] > 0
    assert sum(shares.values()) == pytest.approx(1)
    assert next_step(choice, shares).startswith("canary local-q4")
    assert "nothing that speaks for it was measured" in next_step(choice, dict.fromkeys(shares, 0.0))


def test_an_option_that_is_best_more_often_is_told_first(rows: Any, chooser: Callable[..., Any]) -> None:
    made = chooser(rows)
    choice = made.choose(made.world.workloads[0])
    often, first = choice.order[1], choice.order[0]
    shares = choice.stability.acceptability.copy()
    shares[:, 0] = 0.0
    shares[often, 0], shares[first, 0] = 0.7, 0.3
    drawn = dataclasses.replace(choice, stability=dataclasses.replace(choice.stability, acceptability=shares))
    told = next_step(drawn, evidence_shares(choice))
    other, name = choice.kept[often].option.id, choice.kept[first].option.id
    assert told.startswith(f"NOT SETTLED: {other} is best in 70% of the draws, {name} in 30%")
    assert not next_step(choice, evidence_shares(choice)).startswith(f"NOT SETTLED: {name}")
