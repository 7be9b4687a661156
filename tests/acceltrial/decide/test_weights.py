from __future__ import annotations

import math

import numpy as np
import pytest

from acceltrial.decide.weights import central_weights, draw_weights, weight_vector
from acceltrial.errors import ConfigurationError

NAMES = ["a", "b", "c"]


@pytest.mark.parametrize(
    "weights",
    [
        {"a": 0.5, "b": 0.5},
        {"a": 0.5, "b": 0.5, "c": 0.1},
        {"a": 1.2, "b": -0.2, "c": 0.0},
        {"a": math.nan, "b": 0.5, "c": 0.5},
        {"a": 0.5, "b": 0.3, "c": 0.1, "d": 0.1},
    ],
)
def test_bad_weights_name_file_and_role(weights: dict[str, float]) -> None:
    with pytest.raises(ConfigurationError, match=r"file\.yaml: roles\.boss\.weights"):
        weight_vector(weights, NAMES, "boss", "file.yaml")


def test_weights_follow_the_order_of_the_criteria() -> None:
    assert weight_vector({"c": 0.2, "a": 0.5, "b": 0.3}, NAMES, "r", "f").tolist() == [0.5, 0.3, 0.2]


def test_draws_sum_to_one_around_the_centre_and_keep_zeros() -> None:
    centre = np.array([0.6, 0.0, 0.4])
    drawn = draw_weights(centre, 20_000, np.random.default_rng(1), keep_order=False)
    assert drawn.sum(axis=1) == pytest.approx(np.ones(len(drawn)))
    assert np.all(drawn[:, 1] == 0)
    assert drawn.mean(axis=0) == pytest.approx(centre, abs=0.005)
    assert drawn[:, 0].std() == pytest.approx(math.sqrt(0.6 * 0.4 / 61), rel=0.05)


@pytest.mark.parametrize("concentration", [None, 60.0])
def test_no_draw_breaks_the_order_of_the_role(concentration: float | None) -> None:
    drawn = draw_weights(
        np.array([0.2, 0.5, 0.3]), 500, np.random.default_rng(1), concentration=concentration
    )
    assert np.all((drawn[:, 1] >= drawn[:, 2]) & (drawn[:, 2] >= drawn[:, 0]))
    assert drawn.sum(axis=1) == pytest.approx(np.ones(500))


def test_criteria_of_equal_weight_stay_free_to_lead_one_another() -> None:
    drawn = draw_weights(np.array([0.25, 0.5, 0.25]), 20_000, np.random.default_rng(1))
    assert np.mean(drawn[:, 0] > drawn[:, 2]) == pytest.approx(0.5, abs=0.02)
    assert np.all(drawn[:, 1] >= np.maximum(drawn[:, 0], drawn[:, 2]))


def test_uniform_draws_of_an_order_have_the_known_mean() -> None:
    """The centre of the weights w1 >= w2 >= w3 is (11, 5, 2) / 18 (rank order centroid)."""
    drawn = draw_weights(np.array([0.5, 0.3, 0.2]), 40_000, np.random.default_rng(1), concentration=None)
    assert drawn.mean(axis=0) == pytest.approx(np.array([11, 5, 2]) / 18, abs=0.005)


def test_central_weights_are_the_mean_of_the_roles() -> None:
    assert central_weights({"x": np.array([1.0, 0.0]), "y": np.array([0.0, 1.0])}).tolist() == [0.5, 0.5]
