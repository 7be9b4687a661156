"""Intervals cover what they promise, whatever the distribution."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from acceltrial.stats.quantiles import (
    describe,
    interval_ranks,
    mean_interval,
    proportion_interval,
    quantile_interval,
    rate_interval,
)


@pytest.mark.parametrize("draw", ["lognormal", "pareto", "normal"])
@pytest.mark.parametrize(("q", "n"), [(0.5, 30), (0.9, 80), (0.99, 600)])
def test_quantile_coverage(draw: str, q: float, n: int) -> None:
    generator = np.random.default_rng(7)
    sample = {
        "lognormal": lambda: generator.lognormal(0, 1, n),
        "pareto": lambda: generator.pareto(1.5, n),
        "normal": lambda: generator.normal(0, 1, n),
    }[draw]
    truth = {"lognormal": stats.lognorm(1), "pareto": stats.lomax(1.5), "normal": stats.norm()}[draw].ppf(q)
    found = [quantile_interval(sample(), q) for _ in range(600)]
    covered = np.mean([one.low <= truth <= one.high for one in found])
    assert covered >= 0.93


@given(st.integers(1, 3_000), st.floats(0.001, 0.999))
@settings(max_examples=150)
def test_ranks_reach_the_level_and_no_narrower_tail_would(n: int, q: float) -> None:
    ranks = interval_ranks(n, q)
    if ranks is None:
        tight = (stats.binom.cdf(0, n, q) > 0.025) or (stats.binom.cdf(n - 1, n, q) < 0.975)
        assert tight
        return
    lower, upper = ranks
    assert 1 <= lower < upper <= n
    assert stats.binom.cdf(lower - 1, n, q) <= 0.025 + 1e-12
    assert stats.binom.cdf(upper - 1, n, q) >= 0.975 - 1e-12
    assert stats.binom.cdf(lower, n, q) > 0.025


def test_too_few_values_have_a_value_and_a_reason() -> None:
    found = quantile_interval([1.0, 2.0, 3.0], 0.99)
    assert found.value is not None
    assert found.low is None
    assert "too few" in found.reason
    assert quantile_interval([], 0.5).value is None


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=200))
def test_value_lies_in_its_interval(values: list[float]) -> None:
    found = describe(values)
    assert found["n"] == len(values)
    for name, pair in found["intervals"].items():
        if pair is not None:
            assert pair[0] <= found[name] <= pair[1]
    assert found["p50"] <= found["p90"] <= found["p99"]


def test_proportions() -> None:
    assert proportion_interval(0, 300).high == pytest.approx(1 - 0.025 ** (1 / 300))
    assert proportion_interval(300, 300).low == pytest.approx(0.025 ** (1 / 300))
    exact = stats.binomtest(7, 40).proportion_ci(method="exact")
    found = proportion_interval(7, 40)
    assert (found.low, found.high) == pytest.approx((exact.low, exact.high))
    assert proportion_interval(0, 0).value is None


def test_rates() -> None:
    found = rate_interval(100, 10.0)
    assert found.value == 10.0
    assert found.low == pytest.approx(stats.chi2.ppf(0.025, 200) / 20)
    assert found.high == pytest.approx(stats.chi2.ppf(0.975, 202) / 20)
    assert rate_interval(0, 1.0).low == 0.0


def test_means() -> None:
    values = [-1.0, 2.0, 4.0, 8.0]
    found = mean_interval(values)
    low, high = stats.t.interval(0.95, 3, loc=np.mean(values), scale=stats.sem(values))
    assert (found.low, found.high) == pytest.approx((low, high))
    assert mean_interval([0.1, 9.0]).low == 0.0, "the mean of what is never negative is not negative"
    assert mean_interval([3.0]).low is None
    assert mean_interval([]).value is None


@pytest.mark.parametrize("bad", [[math.nan], [1.0, math.inf], [-math.inf]])
def test_not_finite(bad: list[float]) -> None:
    with pytest.raises(ValueError, match="finite"):
        quantile_interval(bad, 0.5)
    with pytest.raises(ValueError, match="finite"):
        mean_interval(bad)


def test_out_of_range() -> None:
    for call in (
        lambda: quantile_interval([1.0], 1.5),
        lambda: quantile_interval([1.0], 0.5, level=1.0),
        lambda: proportion_interval(3, 2),
        lambda: rate_interval(-1, 1.0),
        lambda: rate_interval(1, 0.0),
    ):
        with pytest.raises(ValueError):  # noqa: PT011
            call()


@settings(deadline=None)
@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60), st.floats(0.001, 0.999))
def test_a_quantile_is_that_of_numpy(values: list[float], q: float) -> None:
    assert quantile_interval(values, q).value == pytest.approx(
        float(np.quantile(values, q)), rel=1e-12, abs=1e-9
    )
