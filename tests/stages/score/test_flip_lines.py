from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from stages.score.flip_lines import flip_lines
from stages.score.flips_table import flip_rows
from stages.score.params import ScoreParams

PARAMS = ScoreParams(measurement_draws=40, weight_draws=20)


def test_the_lines_cross_where_the_choice_flips(rows: Any, chooser: Callable[..., Any]) -> None:
    made = chooser(rows)
    choice = made.choose(next(w for w in made.world.workloads if w.id == "chat"))
    flips = [row for row in flip_rows(choice, PARAMS) if row["factor"] is not None]
    lines = flip_lines(choice, PARAMS, flips)
    assert {row["kind"] for row in lines} == {row["kind"] for row in flips}
    for flip in flips:
        scores = {
            (row["option"], row["factor"]): row["score"] for row in lines if row["kind"] == flip["kind"]
        }
        assert scores[flip["option"], 1.0] == pytest.approx(float(choice.scores[choice.order[0]]))
        own, other = (scores[name, flip["factor"]] for name in (flip["option"], flip["rival"]))
        assert own is None or own <= other + 1e-9
        assert scores[flip["option"], 1.0] > scores[flip["rival"], 1.0]


def test_nothing_recommended_has_no_lines(rows: Any, chooser: Callable[..., Any]) -> None:
    made = chooser(rows)
    tune = made.choose(next(w for w in made.world.workloads if w.id == "tune"))
    assert flip_lines(tune, PARAMS, []) == []
