"""Unit costs from a month's cost and a month's output."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from acceltrial.cost.success import Floats


def per_1k_requests(month_usd: ArrayLike, requests: ArrayLike) -> Floats:
    """USD per 1,000 requests asked for (retries are cost, not output)."""
    return _ratio(month_usd, requests, 1e3)


def per_1k_successful_actions(month_usd: ArrayLike, actions: ArrayLike, success: ArrayLike) -> Floats:
    """USD per 1,000 business actions that succeeded; NaN where none does.

    Everything that was spent is charged to the actions that were worth something.
    """
    return _ratio(month_usd, np.asarray(actions) * np.asarray(success), 1e3)


def per_million_output_tokens(month_usd: ArrayLike, requests: ArrayLike, output_tokens: ArrayLike) -> Floats:
    """USD per million output tokens at the real traffic shape."""
    return _ratio(month_usd, np.asarray(requests) * np.asarray(output_tokens), 1e6)


def per_million_output_tokens_full_load(usd_per_hour: ArrayLike, tokens_per_s: ArrayLike) -> Floats:
    """USD per million output tokens if every second were used: price / (tokens/s · 3600) · 10⁶.

    The formula of InferenceMAX; a lower bound that no real traffic reaches.
    """
    return _ratio(usd_per_hour, np.asarray(tokens_per_s) * 3600, 1e6)


def per_trained_step(
    usd_per_hour: ArrayLike, step_time_s: ArrayLike, overhead_share: ArrayLike = 0.0
) -> Floats:
    """USD per optimiser step: price · t / 3600 · (1 + overhead).

    The overhead is paid time that trains nothing (compilation, checkpoints, restarts) as a share of
    the time that does.
    """
    return np.asarray(
        np.asarray(usd_per_hour) * np.asarray(step_time_s) / 3600 * (1 + np.asarray(overhead_share)),
        dtype=np.float64,
    )


def _ratio(cost: ArrayLike, output: ArrayLike, scale: float) -> Floats:
    amount = np.asarray(output, dtype=np.float64)
    return np.asarray(np.asarray(cost) * scale / np.where(amount > 0, amount, np.nan))
