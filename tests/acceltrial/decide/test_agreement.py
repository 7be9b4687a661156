from __future__ import annotations

import numpy as np
import pytest

from acceltrial.decide.agreement import in_words, kendall_tau, kendall_w


def test_same_and_reversed_rankings() -> None:
    a = np.array([3.0, 2.0, 1.0])
    assert kendall_w(np.vstack([a, a, a])) == pytest.approx(1)
    assert kendall_w(np.vstack([a, -a])) == pytest.approx(0)
    assert kendall_tau(a, -a) == pytest.approx(-1)


def test_kendall_w_of_a_textbook_case() -> None:
    # Three judges, four works: rank sums 4, 7, 8, 11; S = 25, W = 12·25 / (9·60).
    ranks = np.array([[1, 2, 3, 4], [1, 3, 2, 4], [2, 2, 3, 3]], dtype=float)
    untied = np.array([[1, 2, 3, 4], [1, 3, 2, 4], [2, 1, 4, 3]], dtype=float)
    sums = untied.sum(axis=0)
    assert kendall_w(-untied) == pytest.approx(12 * np.sum((sums - sums.mean()) ** 2) / (9 * 60))
    assert 0 < kendall_w(-ranks) <= 1  # type: ignore[operator]


def test_tau_agrees_with_scipy_with_ties() -> None:
    from scipy.stats import kendalltau

    rng = np.random.default_rng(0)
    for _ in range(50):
        a, b = rng.integers(0, 5, 12).astype(float), rng.integers(0, 5, 12).astype(float)
        assert kendall_tau(a, b) == pytest.approx(kendalltau(a, b).statistic)


def test_undefined_agreement_is_none() -> None:
    assert kendall_w(np.ones((3, 4))) is None
    assert kendall_tau(np.ones(3), np.ones(3)) is None


def test_words_name_who_prefers_what() -> None:
    both = {"security": np.array([0.1, 0.9]), "procurement": np.array([0.8, 0.2])}
    text = in_words(["x", "y"], both)
    assert "procurement: x" in text
    assert "security: y" in text
    assert in_words(["x"], both).startswith("only x is left")
    assert "no option" in in_words([], {})
    assert in_words(["x", "y"], {"a": np.array([1.0, 0.0]), "b": np.array([1.0, 0.5])}).startswith(
        "both roles put x"
    )


def test_words_do_not_call_a_tie_a_first_place() -> None:
    level = {"a": np.ones(5), "b": np.ones(5)}
    assert in_words(list("vwxyz"), level).startswith("both roles put v, w, x and 2 more (level) first")
    assert in_words(["x", "y"], {"a": np.array([1.0, 0.0])}) == "the only role puts x first"
