"""Arrival processes have the rate and the variation that their names promise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from acceltrial.errors import ConfigurationError
from acceltrial.load.arrivals import draw, draw_steps, weibull_shape


@pytest.mark.parametrize(
    ("kind", "cv"),
    [
        ("constant", 0.0),
        ("poisson", 1.0),
        ("gamma:0.5", 0.5),
        ("gamma:2", 2.0),
        ("weibull:0.7", 0.7),
        ("weibull:2", 2.0),
    ],
)
def test_rate_and_variation(kind: str, cv: float) -> None:
    times = draw(kind, 50.0, requests=200_000, seed=3)
    gaps = np.diff(times, prepend=0.0)
    assert gaps.mean() == pytest.approx(0.02, rel=0.03)
    assert gaps.std() / gaps.mean() == pytest.approx(cv, rel=0.03, abs=1e-6)


def test_poisson_passes_kolmogorov_smirnov_as_often_as_it_should() -> None:
    p = [
        stats.kstest(np.diff(draw("poisson", 400, requests=2_000, seed=seed)) * 400, "expon").pvalue
        for seed in range(200)
    ]
    rejected = sum(value < 0.05 for value in p)
    assert 2 <= rejected <= 20  # 10 are expected
    assert stats.kstest(p, "uniform").pvalue > 0.001


def test_duration_gives_poisson_counts() -> None:
    counts = [len(draw("poisson", 20, duration_s=10, seed=seed)) for seed in range(300)]
    assert np.mean(counts) == pytest.approx(200, rel=0.02)
    assert np.var(counts) == pytest.approx(200, rel=0.3)


def test_steps() -> None:
    times = draw_steps("constant", [(10, 2), (0, 3), (100, 1)])
    assert np.sum(times < 2) == 19
    assert not np.any((times >= 2) & (times < 5))
    assert np.sum(times >= 5) == 99


@given(
    st.integers(0, 2**31),
    st.floats(0.01, 1e5),
    st.integers(1, 500),
    st.sampled_from(["poisson", "gamma:3", "weibull:0.3"]),
)
@settings(max_examples=60)
def test_any_draw_is_in_order_and_repeatable(seed: int, rate: float, count: int, kind: str) -> None:
    times = draw(kind, rate, requests=count, seed=seed)
    assert len(times) == count
    assert np.all(np.isfinite(times))
    assert np.all(np.diff(times) >= 0)
    assert np.array_equal(times, draw(kind, rate, requests=count, seed=seed))


@given(st.floats(0.05, 10))
def test_weibull_shape_is_the_inverse(cv: float) -> None:
    shape = weibull_shape(cv)
    mean, variance = stats.weibull_min.stats(shape)
    assert float(np.sqrt(variance) / mean) == pytest.approx(cv, rel=1e-3)


@pytest.mark.parametrize("rate", [0.0, -1.0, float("nan"), float("inf")])
def test_bad_rates(rate: float) -> None:
    with pytest.raises(ConfigurationError):
        draw("poisson", rate, requests=5)


@pytest.mark.parametrize("kind", ["poison", "gamma:x", "gamma:0", "weibull:nan", ""])
def test_bad_kinds(kind: str) -> None:
    with pytest.raises(ConfigurationError):
        draw(kind, 1.0, requests=5)


def test_bad_counts_and_durations() -> None:
    for given_ in (
        {"requests": 0},
        {},
        {"duration_s": -1.0},
        {"duration_s": float("inf")},
        {"duration_s": 1e12},
    ):
        with pytest.raises(ConfigurationError):
            draw("poisson", 10.0, **given_)
    with pytest.raises(ConfigurationError):
        draw_steps("poisson", [(-1, 1)])
