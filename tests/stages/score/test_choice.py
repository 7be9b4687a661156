from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest


def test_score_is_the_weighted_sum_of_the_known_utilities(rows: Any, chooser: Callable[..., Any]) -> None:
    made = chooser(rows)
    choice = made.choose(made.world.workloads[0])
    by_hand = np.nan_to_num(choice.utilities) @ np.mean(list(made.roles.values()), axis=0)
    assert choice.scores == pytest.approx(by_hand)
    assert choice.order == sorted(range(len(by_hand)), key=lambda i: -by_hand[i])


def test_vetoed_options_are_neither_ranked_nor_drawn(rows: Any, chooser: Callable[..., Any]) -> None:
    made = chooser(rows)
    choice = made.choose(made.world.workloads[0])
    assert {case.option.id for case in choice.kept} == {"gpu-a-x1-bf16", "gpu-b-x1-bf16", "local-q4"}
    assert all(not case.costing.draws for case in choice.cases if case.vetoes)
    assert sorted(choice.rank_of.values()) == [1, 2, 3]
    assert choice.stability.p_best.sum() == pytest.approx(1)


def test_a_workload_without_options_has_no_winner(rows: Any, chooser: Callable[..., Any]) -> None:
    rows["candidates"] = []
    made = chooser(rows)
    choice = made.choose(made.world.workloads[0])
    assert choice.winner is None
    assert choice.runner_up is None
