from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from stages.score.flipping import flips_when, price_flip, rival_of, rival_price_flip, score_at
from stages.score.flips_table import flip_rows


def test_factors_make_both_level(rows: Any, chooser: Callable[..., Any]) -> None:
    made = chooser(rows)
    for workload in made.world.workloads[:2]:
        choice = made.choose(workload)
        winner, rival = choice.winner, rival_of(choice)
        up, down = price_flip(choice, made.params), rival_price_flip(choice, made.params)
        if up is not None:
            assert score_at(choice, winner, made.params, price=up) == pytest.approx(
                score_at(choice, rival, made.params), abs=1e-4
            )
        if down is not None:
            assert score_at(choice, rival, made.params, price=down) == pytest.approx(
                score_at(choice, winner, made.params), abs=1e-4
            )


def test_today_is_the_score_of_the_ranking(rows: Any, chooser: Callable[..., Any]) -> None:
    made = chooser(rows)
    choice = made.choose(made.world.workloads[0])
    assert score_at(choice, choice.winner, made.params) == pytest.approx(choice.scores[choice.order[0]])


def test_the_rival_is_on_another_device(rows: Any, chooser: Callable[..., Any]) -> None:
    rows["candidates"].append({**rows["candidates"][0], "option": "gpu-a-x1-fp8", "precision": "fp8"})
    rows["measurements"] += [
        {**row, "option": "gpu-a-x1-fp8"} for row in rows["measurements"] if row["option"] == "gpu-a-x1-bf16"
    ]
    made = chooser(rows)
    choice = made.choose(made.world.workloads[0])
    assert rival_of(choice).option.device != choice.winner.option.device
    assert "behind" in flips_when(choice, made.params, flip_rows(choice, made.params))
