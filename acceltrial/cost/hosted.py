"""What a service hosted by others costs for a workload's requests, and when own devices are cheaper."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from acceltrial.cost.success import Floats


def hosted_per_1k_requests(
    usd_per_million_input: ArrayLike,
    usd_per_million_output: ArrayLike,
    input_tokens: float,
    output_tokens: float,
) -> Floats:
    """USD per 1,000 requests of mean lengths: (tokens in · price + tokens out · price) / 1000.

    List prices: discounts for cached prompts and batches are not in them.
    """
    spent = np.asarray(usd_per_million_input) * input_tokens
    return np.asarray((spent + np.asarray(usd_per_million_output) * output_tokens) / 1e3, dtype=np.float64)


def break_even_requests_per_s(usd_per_hour: ArrayLike, hosted_usd_per_1k: ArrayLike) -> Floats:
    """Requests a second from which devices of `usd_per_hour` cost less than the hosted service.

    usd_per_hour / (3600 · hosted USD a request). Whether the devices can serve as many is another question.
    """
    return np.asarray(np.asarray(usd_per_hour) * 1e3 / np.asarray(hosted_usd_per_1k) / 3600, dtype=np.float64)
