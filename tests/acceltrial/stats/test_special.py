"""Our scalar special functions against scipy's."""

from __future__ import annotations

import pytest
import scipy.special
from hypothesis import given
from hypothesis import strategies as st

from acceltrial.stats.special import (
    beta_cdf,
    beta_quantile,
    binomial_cdf,
    gamma_cdf,
    gamma_quantile,
    student_quantile,
)

shapes = st.floats(0.5, 1e5)
shares = st.floats(1e-6, 1 - 1e-6)


@given(a=shapes, b=shapes, x=st.floats(0, 1))
def test_beta(a: float, b: float, x: float) -> None:
    assert beta_cdf(a, b, x) == pytest.approx(scipy.special.betainc(a, b, x), rel=1e-8, abs=1e-12)


@given(a=shapes, b=shapes, p=shares)
def test_beta_quantile(a: float, b: float, p: float) -> None:
    assert beta_quantile(a, b, p) == pytest.approx(scipy.special.betaincinv(a, b, p), rel=1e-7, abs=1e-14)


@given(n=st.integers(1, 2_000_000), k=st.integers(0, 2_000_000), p=shares)
def test_binomial(n: int, k: int, p: float) -> None:
    expected = scipy.special.bdtr(min(k, n), n, p)
    assert binomial_cdf(k, n, p) == pytest.approx(expected, rel=1e-7, abs=1e-12)


@given(a=shapes, x=st.floats(0, 2e5))
def test_gamma(a: float, x: float) -> None:
    assert gamma_cdf(a, x) == pytest.approx(scipy.special.gammainc(a, x), rel=1e-8, abs=1e-12)


@given(a=shapes, p=shares)
def test_gamma_quantile(a: float, p: float) -> None:
    assert gamma_quantile(a, p) == pytest.approx(scipy.special.gammaincinv(a, p), rel=1e-7)


@given(degrees=st.integers(1, 10_000_000), p=st.floats(0.51, 0.9999))
def test_student(degrees: int, p: float) -> None:
    assert student_quantile(degrees, p) == pytest.approx(scipy.special.stdtrit(degrees, p), rel=1e-7)
