from __future__ import annotations

import math

import numpy as np
import pytest

from acceltrial.decide.draws import between, interval, keyed_rng, standard_normals

Z = np.random.default_rng(0).standard_normal(40_000)


def test_draws_cover_the_interval_at_its_level() -> None:
    drawn = between(10.0, 8.0, 16.0, Z, positive=False)
    assert np.mean((drawn > 8) & (drawn < 16)) == pytest.approx(0.95, abs=0.005)
    assert np.median(drawn) == pytest.approx(10, abs=0.05)


def test_positive_draws_stay_positive() -> None:
    assert between(1.0, 0.1, 30.0, Z, positive=True).min() > 0
    assert between(0.01, 0.0, 0.5, Z, positive=True).min() >= 0


def test_without_interval_every_draw_is_the_value() -> None:
    assert between(3.0, math.nan, math.nan, Z, positive=True) == pytest.approx(np.full(len(Z), 3.0))


def test_keys_not_positions_decide_the_draws() -> None:
    assert keyed_rng(1, "a", "b").random() == keyed_rng(1, "a", "b").random()
    assert keyed_rng(1, "a").random() != keyed_rng(2, "a").random()
    assert standard_normals(5, 1, "a").tolist() != standard_normals(5, 1, "b").tolist()


def test_shared_draws_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="read-only"):
        standard_normals(5, 1, "a")[0] = 0


def test_interval_holds_the_value() -> None:
    low, high = interval(np.array([[1.0, 2.0, 3.0]]), np.array([9.0]))
    assert low[0] <= 9.0 <= high[0]
