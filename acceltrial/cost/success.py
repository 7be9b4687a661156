"""How many requests an action takes and how many actions succeed, failures and retries included."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def attempts_per_request(failure_rate: ArrayLike, max_retries: int = 2) -> Floats:
    """Mean number of sendings of one request when each fails with `failure_rate` and is sent again.

    The truncated geometric mean Σ_{k=0}^{r} fᵏ = (1 - f^{r+1}) / (1 - f).
    """
    f = np.clip(np.asarray(failure_rate, dtype=np.float64), 0.0, 1.0)
    return np.asarray(sum(f**k for k in range(max_retries + 1)), dtype=np.float64)


def request_success(failure_rate: ArrayLike, max_retries: int = 2) -> Floats:
    """Share of requests answered in the end: 1 - f^{r+1}."""
    f = np.clip(np.asarray(failure_rate, dtype=np.float64), 0.0, 1.0)
    return np.asarray(1 - f ** (max_retries + 1))


def action_success(
    failure_rate: ArrayLike,
    on_time_share: ArrayLike,
    correct_share: ArrayLike,
    requests_per_action: float,
    max_retries: int = 2,
) -> Floats:
    """Share of business actions that succeed: every request answered, in time, and the answer right.

    P = (1 - f^{r+1})^{max(n, 1)} · a · q, with n requests an action, a the share of answered
    requests within the latency target (a late answer counts as an action that its user abandoned),
    and q the share of right answers an action. Failures of one action's requests are taken as
    independent, which makes P a lower bound where they come in bursts. An action that is less than
    one request (several documents a call) needs that request whole.
    """
    answered = request_success(failure_rate, max_retries) ** max(requests_per_action, 1.0)
    on_time = np.clip(np.asarray(on_time_share, dtype=np.float64), 0.0, 1.0)
    correct = np.clip(np.asarray(correct_share, dtype=np.float64), 0.0, 1.0)
    return np.asarray(answered * on_time * correct)


def on_time_among_answered(slo_attainment: ArrayLike, failure_rate: ArrayLike) -> Floats:
    """Share of answered requests within the target, from the share of all planned ones.

    Failed requests already count as misses in the attainment: a = min(1, s / (1 - f)), so that they
    are not charged twice.
    """
    f = np.clip(np.asarray(failure_rate, dtype=np.float64), 0.0, 1.0)
    s = np.asarray(slo_attainment, dtype=np.float64)
    return np.asarray(np.where(f < 1, np.minimum(1.0, s / np.where(f < 1, 1 - f, 1.0)), 0.0))
