from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acceltrial.decide.criteria import Criteria
from acceltrial.decide.decision import decide, require_an_option
from acceltrial.decide.matrix import Matrix
from acceltrial.decide.values import Criterion
from acceltrial.errors import ConfigurationError, DataContractError
from acceltrial.policy.expression import compile_expression

AXES = (Criterion("cost", "min", 0, 1), Criterion("speed", "max", 0, 1))
ROLES = {"x": np.array([0.7, 0.3]), "y": np.array([0.4, 0.6])}


def matrix(values: np.ndarray, low: np.ndarray | None = None, high: np.ndarray | None = None) -> Matrix:
    names = tuple(f"o{i}" for i in range(len(values)))
    unknown = np.full(values.shape, np.nan)
    return Matrix(names, values, unknown if low is None else low, unknown if high is None else high)


def criteria(veto: str | None = None) -> Criteria:
    vetoes = {}
    if veto:
        vetoes["cost"] = compile_expression(
            veto, dict.fromkeys(("value", "row", "option", "cost", "speed")), where="t"
        )
    return Criteria(AXES, ROLES, vetoes)


@given(st.integers(0, 100_000))
@settings(max_examples=30, deadline=None)
def test_order_of_rows_changes_nothing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.random((6, 2))
    table = matrix(values, values * 0.9, np.minimum(1, values * 1.1))
    back = Matrix(table.options[::-1], table.values[::-1], table.low[::-1], table.high[::-1])
    a = decide(table, criteria(), draws=60, seed=1, measurement_draws=20)
    b = decide(back, criteria(), draws=60, seed=1, measurement_draws=20)
    assert a.kept == b.kept
    assert a.order == b.order
    assert a.stability.p_best.tolist() == b.stability.p_best.tolist()


@given(st.integers(0, 100_000))
@settings(max_examples=40, deadline=None)
def test_a_cheaper_option_never_scores_worse(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.random((5, 2))
    cheaper = values.copy()
    cheaper[2, 0] *= rng.random()
    before = decide(matrix(values), criteria(), draws=10, seed=0)
    after = decide(matrix(cheaper), criteria(), draws=10, seed=0)
    assert after.scores[2] >= before.scores[2]
    assert after.ranks[2] <= before.ranks[2]


def test_a_veto_that_cannot_be_evaluated_is_a_veto() -> None:
    found = decide(matrix(np.array([[np.nan, 0.5], [0.2, 0.5]])), criteria("value > 0.9"), draws=4, seed=0)
    assert "cannot be evaluated" in found.vetoed["o0"][0]
    assert "unknown" in found.vetoed["o0"][0]
    assert found.kept == ("o1",)
    assert found.flip is None


def test_all_vetoed_names_the_veto_that_would_have_to_go() -> None:
    found = decide(matrix(np.array([[0.5, 0.5], [0.2, 0.5]])), criteria("value > 0.1"), draws=4, seed=0)
    with pytest.raises(DataContractError, match="all 2 options are vetoed") as caught:
        require_an_option(found, "m.csv")
    assert "value > 0.1" in caught.value.remedy
    assert "o0, o1" in caught.value.remedy


def test_all_vetoed_twice_names_both_vetoes() -> None:
    twice = Criteria(
        AXES,
        ROLES,
        {name: compile_expression("value > 0.1", {"value": None}, where="t") for name in ("cost", "speed")},
    )
    found = decide(matrix(np.array([[0.5, 0.5], [0.2, 0.5]])), twice, draws=4, seed=0)
    with pytest.raises(DataContractError) as caught:
        require_an_option(found, "m.csv")
    assert "'veto of cost: value > 0.1' and 'veto of speed: value > 0.1'" in caught.value.remedy


def test_ties_share_rank_and_first_place() -> None:
    found = decide(matrix(np.array([[0.5, 0.5], [0.5, 0.5], [0.9, 0.1]])), criteria(), draws=10, seed=0)
    assert found.ranks.tolist() == [1, 1, 3]
    assert found.stability.p_best.tolist() == [0.5, 0.5, 0.0]
    assert found.flip is not None
    assert found.flip["tie"]


def test_an_unknown_value_is_worth_nothing_but_may_win_in_the_draws() -> None:
    found = decide(matrix(np.array([[0.4, np.nan], [0.5, 0.5]])), criteria(), draws=40, seed=0)
    assert found.missing == {"o0": ("speed",)}
    assert found.order[0] == 1
    assert 0 < found.stability.p_best[0] < 1


def test_draws_must_be_positive() -> None:
    with pytest.raises(ConfigurationError):
        decide(matrix(np.array([[0.5, 0.5]])), criteria(), draws=0, seed=0)


def test_a_thousand_options() -> None:
    found = decide(matrix(np.random.default_rng(0).random((1000, 2))), criteria(), draws=50, seed=0)
    assert len(found.order) == 1000
    assert found.stability.p_best.sum() == pytest.approx(1)
