"""Incomplete beta and gamma functions, for intervals in processes that have to stay small.

scipy.special has them too, but importing it adds 10 to 17 MB and a quarter of a second to a load
generator, which needs some dozens of scalars of it at its end. The tests hold these against scipy.
"""

from __future__ import annotations

import math
from collections.abc import Callable

_TINY = 1e-300
_CLOSE = 1e-15
_HALVINGS = 200
"""Enough to reach the last bit of any number between 0 and 1; the search ends earlier there."""


def beta_cdf(a: float, b: float, x: float) -> float:
    """The regularised incomplete beta function I_x(a, b), for a, b > 0 (DLMF 8.17.22)."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):
        return 1 - beta_cdf(b, a, 1 - x)
    log_front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)

    def term(i: int) -> float:
        m = i // 2
        if i % 2:
            return -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        return m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))

    return math.exp(log_front) / a / _continued_fraction(term, lambda _: 1.0, 1.0)


def beta_quantile(a: float, b: float, p: float) -> float:
    """The x with I_x(a, b) = p."""
    return _inverse(lambda x: beta_cdf(a, b, x), p, 1.0)


def binomial_cdf(k: int, n: int, p: float) -> float:
    """P(B ≤ k) for B ~ Binomial(n, p) (DLMF 8.17.5)."""
    return 1.0 if k >= n else beta_cdf(n - k, k + 1, 1 - p)


def gamma_cdf(a: float, x: float) -> float:
    """The regularised lower incomplete gamma function P(a, x), for a > 0 (DLMF 8.7.1 and 8.9.2)."""
    if x <= 0:
        return 0.0
    front = math.exp(a * math.log(x) - x - math.lgamma(a))
    if x >= a + 1:
        tail = _continued_fraction(lambda i: -i * (i - a), lambda i: x - a + 1 + 2 * i, x - a + 1)
        return 1 - front / tail
    summand = total = 1 / a
    denominator = a
    while summand > total * _CLOSE:
        denominator += 1
        summand *= x / denominator
        total += summand
    return front * total


def gamma_quantile(a: float, p: float) -> float:
    """The x with P(a, x) = p."""
    high = a + 1
    while gamma_cdf(a, high) < p:
        high *= 2
    return _inverse(lambda x: gamma_cdf(a, x), p, high)


def student_quantile(degrees: float, p: float) -> float:
    """The t with P(T ≤ t) = p for Student's distribution, for p ≥ 1/2 (DLMF 8.17; Abramowitz 26.7.1)."""
    # 1 − x is asked for rather than x: it is small where there are many degrees of freedom.
    rest = beta_quantile(0.5, degrees / 2, 2 * p - 1)
    return math.sqrt(degrees * rest / (1 - rest))


def _continued_fraction(
    numerator: Callable[[int], float], denominator: Callable[[int], float], first: float
) -> float:
    """`first` + a₁/(b₁ + a₂/(b₂ + …)) by the modified method of Lentz (Thompson & Barnett 1986)."""
    value = c = first or _TINY
    d = 0.0
    i = 1
    while True:
        d = denominator(i) + numerator(i) * d or _TINY
        c = denominator(i) + numerator(i) / c or _TINY
        d = 1 / d
        value *= c * d
        if not abs(c * d - 1) >= _CLOSE:  # ends for NaN too
            return value
        i += 1


def _inverse(rising: Callable[[float], float], p: float, high: float) -> float:
    low = 0.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        if rising(middle) < p:
            low = middle
        else:
            high = middle
    return (low + high) / 2
