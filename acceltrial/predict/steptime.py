"""Parts of a step's time that every prediction shares. Numbers or numpy arrays alike; unknown is NaN.

    step = (t_memory^p + t_compute^p)^(1/p) + us_seq·batch + layers·(us_layer + us_link·log2 n)

The blend with p between 1 (one after the other) and infinity (perfect overlap) generalises the roofline of
Williams, Waterman and Patterson, CACM 52(4), 2009. The additive overheads are what published rows need
beyond it.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

Array: TypeAlias = Any
"""A number or a numpy array of numbers."""


def blend_s(memory_s: Array, compute_s: Array, power: float) -> Array:
    """Seconds of moving and computing that overlap in part."""
    larger = np.maximum(memory_s, compute_s)
    smaller = np.minimum(memory_s, compute_s)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(larger > 0, smaller / larger, 0.0)
    # Written with the ratio so that neither very small nor very large times lose their digits.
    return np.where(np.isnan(larger + smaller), np.nan, larger * (1.0 + ratio**power) ** (1.0 / power))


def overhead_s(
    batch: Array, layers: Array, count: Array, us_per_sequence: Array, us_per_layer: Array, us_per_link: Array
) -> Array:
    """What a step costs beside memory and arithmetic."""
    links = np.log2(np.maximum(count, 1))
    return (us_per_sequence * np.asarray(batch) + layers * (us_per_layer + us_per_link * links)) * 1e-6


def all_reduce_gb(
    tokens: Array, hidden_size: Array, layers: Array, count: Array, bytes_each: float = 2.0
) -> Array:
    """GB that each device sends in one direction for a tensor-parallel pass over `tokens` tokens.

    Two ring all-reduces a layer, each moving 2·(n-1)/n times its data.
    """
    share = 2.0 * (np.asarray(count) - 1.0) / np.asarray(count)
    return 2.0 * np.asarray(layers) * tokens * hidden_size * bytes_each * share / 1e9
