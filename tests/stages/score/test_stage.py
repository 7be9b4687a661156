from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acceltrial.errors import ConfigurationError
from stages.score.params import ScoreParams
from stages.score.stage import STAGE


def of(table: Any, **where: Any) -> list[dict[str, Any]]:
    return table.filter(*(pl.col(k) == v for k, v in where.items())).to_dicts()


def test_every_option_is_ranked_or_vetoed_with_a_reason(rows: Any, score: Callable[..., Any]) -> None:
    ranking = score(rows)["ranking"]
    assert len(of(ranking, workload="chat")) == 5
    for row in ranking.to_dicts():
        assert (row["rank"] is None) == row["vetoed"] == bool(row["veto_reason"])
    reasons = {row["option"]: row["veto_reason"] for row in of(ranking, workload="chat", vetoed=True)}
    assert "unknown price" in reasons["chip-x1-int8"]
    assert "memory (short by 40%)" in reasons["tiny-x1-bf16"]


def test_unknown_price_is_an_empty_cost_with_reason_never_zero(rows: Any, score: Callable[..., Any]) -> None:
    costs = of(score(rows)["costs"], workload="chat", option="chip-x1-int8")
    assert [row["value"] for row in costs] == [None]
    assert "unknown price" in costs[0]["reason"]


def test_residency_takes_the_dearer_offer_at_home(rows: Any, score: Callable[..., Any]) -> None:
    placements = {row["workload"]: row for row in score(rows)["placements"].to_dicts()}
    costs = score(rows)["costs"]
    chat = of(costs, workload="chat", option="gpu-a-x1-bf16", metric="usd_per_month_compute")[0]
    lab = of(costs, workload="lab", option="gpu-a-x1-bf16", metric="usd_per_month_compute")[0]
    assert "2 USD" in chat["source"]
    assert "eu-1" in chat["source"]
    assert "0.8 USD" in lab["source"]  # exploratory work may take spot capacity
    assert placements["lab"]["rule"] == "cheapest-pool"


def test_fallback_is_a_gpu_of_another_family(rows: Any, score: Callable[..., Any]) -> None:
    placement = of(score(rows)["placements"], workload="chat")[0]
    assert placement["fallback_option"].startswith("gpu-")
    assert placement["fallback_option"].split("-x")[0] != placement["option"].split("-x")[0]


def test_training_and_inference_share_no_metric(rows: Any, score: Callable[..., Any]) -> None:
    costs = score(rows)["costs"]
    training = set(costs.filter(pl.col("phase") == "training")["metric"])
    inference = set(costs.filter(pl.col("phase") == "inference")["metric"])
    assert "usd_per_trained_step" in training
    assert "usd_per_trained_step" not in inference
    assert not any("request" in name or "token" in name or "action" in name for name in training)


def test_a_figure_of_another_model_never_counts(rows: Any, score: Callable[..., Any]) -> None:
    for row in rows["measurements"]:
        if row["option"] == "local-q4":
            row["model"] = "another"
    vetoed = of(score(rows)["ranking"], workload="chat", option="local-q4")[0]
    assert vetoed["vetoed"]
    assert "another, which is not the workload's model" in vetoed["veto_reason"]


def test_an_invalid_run_never_counts(rows: Any, score: Callable[..., Any]) -> None:
    for row in rows["measurements"]:
        if row["option"] == "local-q4":
            row["valid"] = False
    assert "instrument" in of(score(rows)["ranking"], workload="chat", option="local-q4")[0]["veto_reason"]


def test_all_vetoed_says_which_veto_would_have_to_go(rows: Any, score: Callable[..., Any]) -> None:
    rows["workloads"][0]["residency"] = "ap"
    decision = of(score(rows)["decisions"], workload="chat")[0]
    assert decision["status"] == "all_vetoed"
    assert "residency" in decision["next_step"]
    assert decision["option"] is None


def test_no_option_at_all(rows: Any, score: Callable[..., Any]) -> None:
    rows["candidates"] = [row for row in rows["candidates"] if row["workload"] != "chat"]
    out = score(rows)
    assert of(out["decisions"], workload="chat")[0]["status"] == "no_option"
    assert of(out["placements"], workload="chat")[0]["environment"] == "none"


def test_a_single_option_has_no_runner_up_and_no_flip(rows: Any, score: Callable[..., Any]) -> None:
    decision = of(score(rows)["decisions"], workload="tune")[0]
    assert decision["option"] == "gpu-a-x1-bf16"
    assert decision["runner_up"] is None
    assert decision["p_best"] == 1.0
    assert "no other device" in decision["flips_when"]


def test_evidence_shares_sum_to_one_and_a_measured_winner_shows_it(
    rows: Any, score: Callable[..., Any]
) -> None:
    out = score(rows)
    for row in out["decisions"].filter(pl.col("status") == "recommended").to_dicts():
        shares = [row[f"share_{grade}"] for grade in ("measured", "published", "predicted", "declared")]
        assert sum(shares) == pytest.approx(1)


def test_output_is_the_same_for_every_order_of_the_rows(rows: Any, score: Callable[..., Any]) -> None:
    first = score(rows)
    shuffled = {name: list(reversed(table)) for name, table in rows.items()}
    second = score(shuffled)
    for artifact in STAGE.outputs:
        assert first[artifact.name].equals(second[artifact.name]), artifact.name


def test_removing_a_losing_option_never_changes_the_winner(rows: Any, chooser: Callable[..., Any]) -> None:
    def first(given: Any) -> tuple[str, float]:
        made = chooser(given)
        choice = made.choose(made.world.workloads[1])
        return choice.winner.option.id, float(choice.scores[choice.order[0]])

    winner = first(rows)
    for loser in {row["option"] for row in rows["candidates"]} - {winner[0]}:
        fewer = copy.deepcopy(rows)
        fewer["candidates"] = [row for row in fewer["candidates"] if row["option"] != loser]
        assert first(fewer) == winner


def test_a_dearer_price_never_improves_the_cost(rows: Any, score: Callable[..., Any]) -> None:
    def utility() -> float:
        found = of(
            score(rows)["scores"], workload="chat", option="gpu-b-x1-bf16", criterion="cost_per_throughput"
        )
        return float(found[0]["utility"])

    before = utility()
    for offer in rows["prices"]:
        offer["usd_per_accelerator_hour"] *= 1.7
    assert utility() <= before


def test_flip_of_the_price_is_where_the_scores_meet(rows: Any, score: Callable[..., Any]) -> None:
    import re

    decision = of(score(rows)["decisions"], workload="chat")[0]
    match = re.search(r"the price of ([\w-]+) is ([\d.]+) times", decision["flips_when"])
    if match is None:
        pytest.skip("no price flips this decision")
    device, factor = match[1], float(match[2])
    for scale, same in ((factor * 0.97, True), (factor * 1.05, False)):
        changed = copy.deepcopy(rows)
        for offer in changed["prices"]:
            if offer["accelerator"] == device:
                offer["usd_per_accelerator_hour"] *= scale
        winner = of(score(changed)["decisions"], workload="chat")[0]["option"]
        assert (winner == decision["option"]) == same


@pytest.mark.parametrize(
    "bad",
    [
        {"roles": {"security": {"latency": 1.0}}},
        {"roles": {"chef": {}}},
        {"bounds": {"latency": {"low": 2, "high": 1, "scale": "log"}}},
        {"bounds": {"speed": {"low": 1, "high": 2, "scale": "log"}}},
        {"cost_lines": {"on_call": {"basis": "replica_month", "value": 5, "low": 6, "high": 9, "source": "s",
                                    "as_of": "2026-01-01"}}},
        {"headroom": {"vital": 1.0}},
        {"unknown": 1},
    ],
)  # fmt: skip
def test_bad_parameters_are_refused(bad: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        ScoreParams(**bad)


def test_a_wrong_rule_of_the_portfolio_names_file_and_rule(
    rows: Any, score: Callable[..., Any], tmp_path: Any
) -> None:
    folder = tmp_path / "data" / "portfolio"
    folder.mkdir(parents=True)
    (folder / "policy.yaml").write_text(
        "version: 1\nrules:\n  - {id: r1, severity: deny, when: workload.colour == 'red', reason: x}\n"
    )
    with pytest.raises(ConfigurationError, match=r"rule 'r1'.*no field 'colour'"):
        score(rows)


@settings(max_examples=15, deadline=None)
@given(st.floats(0.01, 1), st.floats(0.01, 1))
def test_bounds_of_any_size_give_utilities_between_0_and_1(low: float, width: float) -> None:
    params = ScoreParams(bounds={"latency": {"low": low, "high": low + width, "scale": "log"}})
    assert params.bounds["latency"].high > params.bounds["latency"].low
    assert set(params.bounds) >= {"power", "cost_without_value"}
