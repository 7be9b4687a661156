from __future__ import annotations

import numpy as np
import pytest

from acceltrial.decide.flips import (
    Standing,
    crossing,
    least_weight_change,
    rival_flips,
    value_flips,
    weight_flip,
)
from acceltrial.decide.values import Criterion, Floats

NAMES, CRITERIA = ["a", "b", "c"], ["x", "y"]
U = np.array([[0.9, 0.4], [0.5, 0.9], [0.1, 0.1]])
W = np.array([0.6, 0.4])


def standing(names: list[str], criteria: list[str], u: Floats, w: Floats, winner: int = 0) -> Standing:
    return Standing(names, [Criterion(name, "max", 0, 1) for name in criteria], u, u, w, winner)


def test_weight_flip_makes_the_rival_level() -> None:
    flip = weight_flip(standing(NAMES, CRITERIA, U, W))
    assert flip is not None
    moved = W.copy()
    moved[CRITERIA.index(flip.taken_from)] -= flip.amount
    moved[CRITERIA.index(flip.given_to)] += flip.amount
    assert (U @ moved)[0] == pytest.approx((U @ moved)[NAMES.index(flip.rival)])


def test_a_dominating_winner_has_no_weight_flip() -> None:
    assert weight_flip(standing(["a", "b"], CRITERIA, np.array([[0.9, 0.9], [0.1, 0.2]]), W)) is None


@pytest.mark.parametrize("seed", range(20))
def test_the_least_weight_change_makes_the_rival_level_and_no_single_move_is_less(seed: int) -> None:
    rng = np.random.default_rng(seed)
    u, w = rng.random((6, 5)), rng.dirichlet(np.ones(5))
    names, criteria, winner = list("abcdef"), list("vwxyz"), int(np.argmax(u @ w))
    now = standing(names, criteria, u, w, winner)
    change, single = least_weight_change(now), weight_flip(now)
    if change is None:
        assert single is None
        return
    moved = w.copy()
    for criterion, amount in change.taken_from:
        moved[criteria.index(criterion)] -= amount
    moved[criteria.index(change.given_to)] += change.amount
    assert moved.min() >= -1e-12
    assert moved.sum() == pytest.approx(1)
    assert (u @ moved)[winner] == pytest.approx((u @ moved)[names.index(change.rival)])
    assert single is None or change.amount <= single.amount + 1e-12


def test_a_rival_is_level_at_the_value_that_it_would_need() -> None:
    criteria = [Criterion("x", "min", 0, 10), Criterion("y", "max", 0, 1)]
    values = np.array([[1.0, 0.4], [5.0, 0.9], [9.0, np.nan]])
    u = np.array([[0.9, 0.4], [0.5, 0.9], [0.1, np.nan]])
    found = rival_flips(Standing(NAMES, criteria, values, u, W, 0))
    assert [(flip.rival, flip.criterion) for flip in found] == [("b", "x"), ("b", "y")]
    assert found[0].flips_at == pytest.approx(5 - 10 * (0.7 - 0.66) / 0.6)


def test_value_flip_makes_the_rival_level() -> None:
    criteria = [Criterion("x", "min", 0, 10), Criterion("y", "max", 0, 1)]
    values = np.array([[1.0, 0.4], [5.0, 0.9], [9.0, 0.1]])
    flips = value_flips(Standing(NAMES, criteria, values, U, W, 0))
    x = next(flip for flip in flips if flip.criterion == "x")
    assert x.flips_at == pytest.approx(10 * (1 - (0.9 - (0.7 - 0.66) / 0.6)))
    assert x.rival == "b"


def test_crossing_finds_the_nearest_change_of_sign_also_at_a_jump() -> None:
    assert crossing(lambda f: 2 - f, low=0.01, high=100) == pytest.approx(2, rel=1e-5)
    assert crossing(lambda f: 1.0 if f < 3 else -1.0, low=0.01, high=100) == pytest.approx(3, rel=1e-5)
    assert crossing(lambda f: f - 0.5, low=0.01, high=1.0) == pytest.approx(0.5, rel=1e-5)
    assert crossing(lambda _f: 1.0, low=0.01, high=100) is None
    assert crossing(lambda _f: 0.0, low=0.01, high=100) == 1.0
