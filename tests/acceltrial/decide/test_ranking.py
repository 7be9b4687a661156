from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from acceltrial.decide import ranking
from acceltrial.decide.ranking import additive_scores, pareto, rank_stability, ranks

matrices = arrays(np.float64, st.tuples(st.integers(1, 8), st.just(3)), elements=st.floats(0, 1, width=16))


def test_additive_score_is_the_weighted_sum() -> None:
    u = np.array([[0.2, 0.8], [1.0, np.nan]])
    assert additive_scores(u, np.array([0.25, 0.75])) == pytest.approx([0.65, 0.25])


@given(st.integers(0, 10_000))
@settings(max_examples=200, deadline=None)
def test_ranks_agree_with_scipy_on_random_cases(seed: int) -> None:
    from scipy.stats import rankdata

    rng = np.random.default_rng(seed)
    scores = additive_scores(rng.random((20, 5)), rng.dirichlet(np.ones(5)))
    assert ranks(scores).tolist() == rankdata(-scores, method="min").astype(int).tolist()


def test_equal_scores_share_the_better_rank() -> None:
    assert ranks(np.array([0.5, 0.9, 0.5, 0.1])).tolist() == [2, 1, 2, 4]


@given(matrices)
@settings(max_examples=60, deadline=None)
def test_pareto_agrees_with_its_definition(u: np.ndarray) -> None:
    front = pareto(u)
    for i, row in enumerate(u):
        dominated = any(np.all(other >= row) and np.any(other > row) for other in u)
        assert front[i] == (not dominated)


@given(matrices, st.integers(0, 100))
@settings(max_examples=40, deadline=None)
def test_stability_is_a_distribution_for_options_and_ranks(u: np.ndarray, seed: int) -> None:
    weights = np.random.default_rng(seed).dirichlet(np.ones(3), size=50)
    stability = rank_stability(u[None], weights)
    assert stability.acceptability.sum(axis=0) == pytest.approx(np.ones(len(u)))
    assert stability.acceptability.sum(axis=1) == pytest.approx(np.ones(len(u)))
    assert np.all(stability.rank_p5 <= stability.rank_p95)
    assert stability.draws == 50


def test_equal_options_share_the_first_place() -> None:
    u = np.array([[0.9, 0.9], [0.9, 0.9], [0.1, 0.1]])
    stability = rank_stability(u[None], np.random.default_rng(0).dirichlet([1, 1], size=100))
    assert stability.p_best.tolist() == [0.5, 0.5, 0.0]
    assert stability.acceptability[2].tolist() == [0.0, 0.0, 1.0]


def test_p_best_agrees_with_a_plain_loop() -> None:
    rng = np.random.default_rng(3)
    samples, weights = rng.random((7, 5, 3)), rng.dirichlet(np.ones(3), size=11)
    wins = np.zeros(5)
    for sample in samples:
        for weight in weights:
            wins[np.argmax(sample @ weight)] += 1
    assert rank_stability(samples, weights).p_best == pytest.approx(wins / 77)


def test_beyond_the_budget_each_sample_meets_an_even_part_of_the_weights(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rng = np.random.default_rng(4)
    samples, weights = rng.random((60, 8, 3)), rng.dirichlet(np.ones(3), size=300)
    whole = rank_stability(samples, weights)
    monkeypatch.setattr(ranking, "RANKED_BUDGET", 8 * 60 * 100)
    monkeypatch.setattr(ranking, "_AT_ONCE", 56)
    part = rank_stability(samples, weights)
    assert (whole.draws, part.draws) == (60 * 300, 60 * 100)
    assert part.acceptability.sum(axis=1) == pytest.approx(np.ones(8))
    assert part.acceptability == pytest.approx(whole.acceptability, abs=0.03)


def test_no_options_give_an_empty_result() -> None:
    assert rank_stability(np.zeros((0, 0, 3)), np.ones((4, 3)) / 3).p_best.size == 0


def test_removing_a_loser_never_changes_the_winner() -> None:
    rng = np.random.default_rng(11)
    for _ in range(1000):
        u, w = rng.random((rng.integers(3, 12), 4)), rng.dirichlet(np.ones(4))
        scores = additive_scores(u, w)
        best = int(np.argmax(scores))
        loser = int(rng.choice([i for i in range(len(u)) if i != best]))
        left = np.delete(np.arange(len(u)), loser)
        assert left[int(np.argmax(additive_scores(u[left], w)))] == best
