"""Whether a run was in a steady state, or drifted because the server could not keep up."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import polars as pl

_FEWEST = 30
_RATIO = 1.5
_Z = 3.29
"""Two-sided p of 0.001."""


def drift(done: pl.DataFrame) -> dict[str, Any]:
    """Compares the last third of the completed requests with the first, in the order in which they were sent.

    `drifting` where latency rose by half or more and a Mann–Whitney test finds p < 0.001: a queue grew, or
    the server slowed down, and quantiles of the whole run describe no steady state. None: too few to tell.
    """
    metric = (
        "ttft_from_intended_ms"
        if done["ttft_from_intended_ms"].null_count() < done.height
        else "e2e_from_intended_ms"
    )
    values = done.sort("sent_s")[metric].drop_nulls().to_numpy()
    if len(values) < _FEWEST:
        return {"drifting": None, "reason": f"{len(values)} completed requests are too few to tell"}
    third = len(values) // 3
    first, last = values[:third], values[-third:]
    ratio = float(np.median(last) / np.median(first)) if np.median(first) > 0 else math.inf
    z = _mann_whitney_z(first, last)
    drifting = ratio >= _RATIO and z > _Z
    reason = f"median {metric} of the last third is {ratio:.2f} times that of the first (z = {z:.1f})"
    return {"drifting": drifting, "metric": metric, "ratio": ratio, "z": z, "reason": reason}


def _mann_whitney_z(first: Any, last: Any) -> float:
    """The normal score of the rank-sum statistic; ties are negligible for measured times."""
    n, m = len(first), len(last)
    ranks = np.empty(n + m)
    ranks[np.argsort(np.concatenate([first, last]), kind="stable")] = np.arange(1, n + m + 1)
    u = ranks[n:].sum() - m * (m + 1) / 2
    return float((u - n * m / 2) / math.sqrt(n * m * (n + m + 1) / 12))
