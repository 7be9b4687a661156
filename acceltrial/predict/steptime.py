"""Times of one step of a serving engine: the slower of memory and arithmetic, plus what neither explains.

All functions take numpy arrays or plain numbers alike, and return seconds. Unknown figures are NaN and
make the result NaN.

    decode step  = max(bytes ÷ (n·B·e_mem), flops ÷ (n·C·e_comp))
                   + us_seq·batch + layers·(us_layer + us_link·log2 n)
    prefill      = max(flops ÷ (n·C·e_comp), weights ÷ (n·B·e_mem)) + layers·(us_layer + us_link·log2 n)

after Williams, Waterman and Patterson, "Roofline", CACM 52(4), 2009; the additive overheads are what
published rows need beyond it.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

Array: TypeAlias = Any
"""A number or a numpy array of numbers."""


def roofline_s(gigabytes: Array, tera_ops: Array, bandwidth_gb_s: Array, rate_tflops: Array) -> Array:
    """The slower of moving `gigabytes` and computing `tera_ops` (10^12 operations)."""
    return np.maximum(np.asarray(gigabytes) / bandwidth_gb_s, np.asarray(tera_ops) / rate_tflops)


def overhead_s(
    batch: Array, layers: Array, count: Array, us_per_sequence: Array, us_per_layer: Array, us_per_link: Array
) -> Array:
    """What a step costs beside memory and arithmetic."""
    links = np.log2(np.maximum(count, 1))
    return (np.asarray(us_per_sequence) * batch + layers * (us_per_layer + us_per_link * links)) * 1e-6


def all_reduce_gb(
    tokens: Array, hidden_size: Array, layers: Array, count: Array, bytes_each: float = 2.0
) -> Array:
    """GB that each device sends in one direction for a tensor-parallel pass over `tokens` tokens.

    Two ring all-reduces a layer, each moving 2·(n-1)/n times its data.
    """
    share = 2.0 * (np.asarray(count) - 1.0) / np.asarray(count)
    return 2.0 * np.asarray(layers) * tokens * hidden_size * bytes_each * share / 1e9
