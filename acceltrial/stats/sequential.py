"""Tests and intervals that stay valid however often one looks.

An *e-process* is a non-negative process that starts at 1 and, while the null hypothesis is true, is no
larger than 1 on average at any stopping time. By Ville's inequality it ever reaches 1/α with probability
at most α, so a rule "act when the evidence reaches 1/α" may be checked at every second.

All evidence here is the natural logarithm of an e-process (nats): the bound is `log(1 / alpha)`.

Sources:
    Turner, Ly, Grünwald: Generic E-variables for exact sequential k-sample tests that allow for
        optional stopping. Statistical Planning and Inference 230 (2024).
    Turner, Grünwald: Exact anytime-valid confidence intervals for contingency tables and beyond.
        Statistics & Probability Letters 198 (2023).
    Waudby-Smith, Ramdas: Estimating means of bounded random variables by betting. JRSS B 86 (2024).
    Howard, Ramdas, McAuliffe, Sekhon: Time-uniform, nonparametric, nonasymptotic confidence sequences.
        Annals of Statistics 49 (2021).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_EDGE = 1e-9


def two_sample_log_e(
    k_canary: npt.ArrayLike,
    n_canary: npt.ArrayLike,
    k_baseline: npt.ArrayLike,
    n_baseline: npt.ArrayLike,
    *,
    guess_baseline: npt.ArrayLike,
    guess_canary: npt.ArrayLike,
    margin: npt.ArrayLike = 0.0,
) -> Floats:
    """Log e-value of one block against "the canary's mean is at most the baseline's + margin".

    Observations lie in [0, 1], larger is worse; `k` are their sums and `n` their counts. All arguments
    broadcast. Blocks multiply (logs add) when the guesses were fixed before the block was seen.

    With a bet a ≥ 0 and an anchor t the e-value of a block is

        E = Π_canary (1 + a(x − t − δ)) · Π_baseline (1 − a·(n_c/n_b)·(y − t)),

    a product of fair linear bets (Waudby-Smith & Ramdas). Validity: as 1 + u ≤ exp(u),
    mean(E) ≤ exp(a·n_c·(p_c − t − δ) − a·n_c·(p_b − t)) = exp(a·n_c·(p_c − p_b − δ)) ≤ 1 whenever
    p_c ≤ p_b + δ, for every a and t that keep the factors non-negative, and with probabilities that
    change within the block, as only their means enter. Guesses decide the power alone: a and t are those
    of the growth-optimal e-variable of Turner & Grünwald, t = (n_b·θ_b + n_c·(θ_c − δ)) / (n_b + n_c) (exact
    for δ = 0). For values inside (0, 1) the sums enter through the chord of the concave logarithm, which
    only lowers the evidence.

    A block in which one arm has no observation says nothing: 0.
    """
    k_c, n_c, k_b, n_b = (
        np.asarray(x, dtype=np.float64) for x in (k_canary, n_canary, k_baseline, n_baseline)
    )
    theta_b, theta_c, delta = (
        np.asarray(x, dtype=np.float64) for x in (guess_baseline, guess_canary, margin)
    )
    anchor = (n_b * theta_b + n_c * (theta_c - delta)) / np.maximum(n_b + n_c, 1.0)
    anchor = np.clip(anchor, np.maximum(-delta, 0) + _EDGE, np.minimum(1 - delta, 1) - _EDGE)
    upper = anchor + delta
    bet = np.maximum((theta_c - upper) / (upper * (1 - upper)), 0.0)
    ratio = n_c / np.maximum(n_b, 1.0)
    bet = np.minimum(bet, (1 - 1e-6) / upper)
    bet = np.minimum(bet, (1 - 1e-6) / np.maximum(ratio * (1 - anchor), _EDGE))
    other = bet * ratio
    evidence = (
        k_c * np.log1p(bet * (1 - upper))
        + (n_c - k_c) * np.log1p(-bet * upper)
        + k_b * np.log1p(-other * (1 - anchor))
        + (n_b - k_b) * np.log1p(other * anchor)
    )
    return np.where((n_c > 0) & (n_b > 0), evidence, 0.0)


def ordered_log_e(k_canary: npt.ArrayLike, k_baseline: npt.ArrayLike, *, ratio: npt.ArrayLike) -> Floats:
    """Log e-value of one block against "the canary is stochastically no larger than the baseline".

    The last axis holds ordered bins, smallest values first: the observations of each arm in each bin, and how
    much more often the guessed alternative falls there than the baseline does, `ratio` ℓ ≥ 0. It is made
    nondecreasing. All arguments broadcast. Blocks multiply when ℓ was fixed before the block was seen.

    With r = n_c / n_b the e-value is the growth-optimal one for two samples (Turner, Ly, Grünwald 2024)

        E = Π_canary ℓ(x)(1 + r) / (1 + rℓ(x)) · Π_baseline (1 + r) / (1 + rℓ(y)).

    Validity: the mean of the canary's factor rises with ℓ, and ℓ with x, so under the null it is at most
    its mean under the baseline's distribution. Both factors taken there, the inequality of the arithmetic and
    geometric means gives mean(E) ≤ (mean((rf_c + f_b) / (1 + r)))^(n_c + n_b) = 1, whatever that distribution
    is: for each point (r·ℓ + 1)(1 + r) / ((1 + rℓ)(1 + r)) = 1.

    A block in which one arm has no observation says nothing: 0.
    """
    k_c, k_b = np.asarray(k_canary, dtype=np.float64), np.asarray(k_baseline, dtype=np.float64)
    n_c, n_b = k_c.sum(axis=-1), k_b.sum(axis=-1)
    canary, baseline = ordered_factors(ratio, n_c / np.maximum(n_b, 1.0))
    evidence = (k_c * canary + k_b * baseline).sum(axis=-1)
    return np.where((n_c > 0) & (n_b > 0), evidence, 0.0)


def ordered_factors(ratio: npt.ArrayLike, canary_per_baseline: npt.ArrayLike) -> tuple[Floats, Floats]:
    """What one observation of the canary and one of the baseline adds to `ordered_log_e`, by bin (nats)."""
    rising = np.maximum(np.maximum.accumulate(np.asarray(ratio, dtype=np.float64), axis=-1), _EDGE)
    r = np.asarray(canary_per_baseline, dtype=np.float64)[..., None]
    shared = np.log1p(r) - np.log1p(r * rising)
    return np.log(rising) + shared, shared


def one_sample_log_e(
    k: npt.ArrayLike, n: npt.ArrayLike, *, bound: npt.ArrayLike, guess: npt.ArrayLike
) -> Floats:
    """Log e-value of a block against "the mean of these [0, 1] observations is at most `bound`".

    E = Π (1 + a(x − m)) with a = (θ − m) / (m(1 − m)): the likelihood ratio of θ to the bound m for 0/1
    observations, a fair bet for any others (Waudby-Smith & Ramdas).
    """
    k, n = np.asarray(k, dtype=np.float64), np.asarray(n, dtype=np.float64)
    limit = np.clip(np.asarray(bound, dtype=np.float64), _EDGE, 1 - _EDGE)
    bet = np.maximum((np.asarray(guess) - limit) / (limit * (1 - limit)), 0.0)
    bet = np.minimum(bet, (1 - 1e-6) / limit)
    return np.asarray(k * np.log1p(bet * (1 - limit)) + (n - k) * np.log1p(-bet * limit))


def mixture(log_e: Floats, axes: tuple[int, ...], weights: Floats | None = None) -> Floats:
    """The log of the (weighted) average of e-processes along `axes`: an average of e-processes is one again.

    `weights` broadcast against `log_e` and sum to 1 over `axes`; equal weights when absent.
    """
    top = log_e.max(axis=axes, keepdims=True)
    scaled = np.exp(log_e - top)
    mean = scaled.mean(axis=axes) if weights is None else (scaled * weights).sum(axis=axes)
    return np.asarray(np.log(mean) + np.squeeze(top, axis=axes))


def odds_shift(p: npt.ArrayLike, odds_ratio: npt.ArrayLike) -> Floats:
    """The probability whose odds are `odds_ratio` times those of `p`."""
    p, omega = np.asarray(p, dtype=np.float64), np.asarray(odds_ratio, dtype=np.float64)
    return np.asarray(omega * p / (1 + p * (omega - 1)))


def share_log_e(k: float, n: float, share: float) -> float:
    """Log evidence, valid at any time, against "each of n trials succeeds with probability `share`".

    The mixture over all alternatives with a Beta(½, ½) prior has the closed form
    E = B(k + ½, n − k + ½) / B(½, ½) / (shareᵏ (1 − share)ⁿ⁻ᵏ) (Robbins; Krichevsky & Trofimov).
    Infinite when the observation is impossible under `share`.
    """
    if (share <= 0 and k > 0) or (share >= 1 and k < n):
        return math.inf
    impossible_free = (k * math.log(share) if k else 0.0) + ((n - k) * math.log1p(-share) if n > k else 0.0)
    return _log_beta(k + 0.5, n - k + 0.5) - _log_beta(0.5, 0.5) - impossible_free


def _floats(*values: npt.ArrayLike) -> list[Floats]:
    return [np.asarray(value, dtype=np.float64) for value in values]


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)


@dataclass(frozen=True, slots=True)
class Sequence:
    """A confidence sequence: after each observation, an interval; all of them hold together."""

    low: Floats
    high: Floats
    centre: Floats


def mean_sequence(values: npt.ArrayLike, *, alpha: float, low: float = 0.0, high: float = 1.0) -> Sequence:
    """Intervals for the mean of [low, high] observations that all cover together, with probability 1 − alpha.

    The predictable plug-in empirical-Bernstein sequence (Waudby-Smith & Ramdas, theorem 2):
    Σλᵢxᵢ/Σλᵢ ± (log(2/α) + Σ 4(xᵢ − μ̂ᵢ₋₁)² ψ(λᵢ)) / Σλᵢ with ψ(λ) = (−log(1−λ) − λ)/4 and
    λ_t = min(√(2 log(2/α) / (σ̂²_{t−1} t log(1+t))), ½).

    Raises:
        ValueError: an observation outside the bounds (or NaN), or bounds out of order.
    """
    x = np.asarray(values, dtype=np.float64)
    if not low < high or not np.all((x >= low) & (x <= high)):
        raise ValueError(f"observations must lie in [{low}, {high}]")
    x = (x - low) / (high - low)
    t = np.arange(1, len(x) + 1)
    mean = (0.5 + np.cumsum(x)) / (t + 1)
    variance = (0.25 + np.cumsum((x - mean) ** 2)) / (t + 1)
    mean_before = np.concatenate([[0.5], mean[:-1]])
    variance_before = np.concatenate([[0.25], variance[:-1]])
    bet = np.minimum(np.sqrt(2 * math.log(2 / alpha) / (variance_before * t * np.log1p(t))), 0.5)
    spread = 4 * (x - mean_before) ** 2 * (-np.log1p(-bet) - bet) / 4
    total = np.cumsum(bet)
    centre = np.cumsum(bet * x) / total
    width = (math.log(2 / alpha) + np.cumsum(spread)) / total
    lower = np.maximum.accumulate(np.clip(centre - width, 0, 1))
    upper = np.minimum.accumulate(np.clip(centre + width, 0, 1))
    scale = high - low
    return Sequence(low + scale * lower, low + scale * upper, low + scale * centre)


def normal_mixture_radius(variance: npt.ArrayLike, *, alpha: float, tuned_at: float) -> Floats:
    """How far a sum of sub-Gaussian steps of total `variance` ever strays, with probability 1 − alpha.

    Two-sided normal mixture (Howard et al. 2021, equation 14; Robbins 1970):
    √((v + ρ) log((v + ρ) / (ρ α²))), tightest near `tuned_at`:
    ρ = tuned_at / (2 log(1/α) + log(1 + 2 log(1/α))).
    """
    v = np.asarray(variance, dtype=np.float64)
    spread = 2 * math.log(1 / alpha)
    rho = tuned_at / (spread + math.log1p(spread))
    return np.asarray(np.sqrt((v + rho) * np.log((v + rho) / (rho * alpha**2))))
