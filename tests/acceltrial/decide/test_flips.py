from __future__ import annotations

import numpy as np
import pytest

from acceltrial.decide.flips import crossing, value_flips, weight_flip
from acceltrial.decide.values import Criterion

NAMES, CRITERIA = ["a", "b", "c"], ["x", "y"]
U = np.array([[0.9, 0.4], [0.5, 0.9], [0.1, 0.1]])
W = np.array([0.6, 0.4])


def test_weight_flip_makes_the_rival_level() -> None:
    flip = weight_flip(NAMES, CRITERIA, U, W, 0)
    assert flip is not None
    moved = W.copy()
    moved[CRITERIA.index(flip.taken_from)] -= flip.amount
    moved[CRITERIA.index(flip.given_to)] += flip.amount
    assert (U @ moved)[0] == pytest.approx((U @ moved)[NAMES.index(flip.rival)])


def test_a_dominating_winner_has_no_weight_flip() -> None:
    assert weight_flip(["a", "b"], CRITERIA, np.array([[0.9, 0.9], [0.1, 0.2]]), W, 0) is None


def test_value_flip_makes_the_rival_level() -> None:
    criteria = [Criterion("x", "min", 0, 10), Criterion("y", "max", 0, 1)]
    values = np.array([[1.0, 0.4], [5.0, 0.9], [9.0, 0.1]])
    flips = value_flips(NAMES, criteria, values, U, W, 0)
    x = next(flip for flip in flips if flip.criterion == "x")
    assert x.flips_at == pytest.approx(10 * (1 - (0.9 - (0.7 - 0.66) / 0.6)))
    assert x.rival == "b"


def test_crossing_finds_the_nearest_change_of_sign_also_at_a_jump() -> None:
    assert crossing(lambda f: 2 - f, low=0.01, high=100) == pytest.approx(2, rel=1e-5)
    assert crossing(lambda f: 1.0 if f < 3 else -1.0, low=0.01, high=100) == pytest.approx(3, rel=1e-5)
    assert crossing(lambda f: f - 0.5, low=0.01, high=1.0) == pytest.approx(0.5, rel=1e-5)
    assert crossing(lambda _f: 1.0, low=0.01, high=100) is None
    assert crossing(lambda _f: 0.0, low=0.01, high=100) == 1.0
