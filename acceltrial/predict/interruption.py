"""What interruptions and checkpoints cost a training run.

Interruptions come at random with a mean time M between them, a checkpoint takes δ, a restart R. A run that
writes a checkpoint after each τ of work takes, for a second of work,

    M·e^(R/M)·(e^((τ+δ)/M) - 1) ÷ τ

seconds on the clock (Daly, "A higher order estimate of the optimum checkpoint interval", FGCS 22, 2006, eq.
20). The best τ is near √(2δM)·(1 + √(δ/(2M))/3 + δ/(18M)) - δ, and M where δ ≥ 2M (eq. 37); its first term
is Young's (CACM 17(9), 1974).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

BYTES_PER_PARAMETER = 14.0
"""In a checkpoint under Adam: weights of 16 bits, a master copy and two moments of 32 bits."""
LARGEST_EXPONENT = 600.0


@dataclass(frozen=True, slots=True)
class Interruptions:
    """Seconds: between interruptions on average, to write a checkpoint, and to start again after one."""

    mean_between_s: float
    checkpoint_s: float
    restart_s: float

    def __post_init__(self) -> None:
        for name in ("mean_between_s", "checkpoint_s", "restart_s"):
            value = getattr(self, name)
            if math.isnan(value) or value < 0 or (name == "mean_between_s" and value == 0):
                raise ValueError(f"{name} must be above zero, not {value}")


def checkpoint_seconds(params_b: float, store_gb_s: float) -> float:
    """Seconds to write the state of a model of `params_b` billion parameters to a store of `store_gb_s`."""
    if not (params_b > 0 and store_gb_s > 0):
        raise ValueError("the parameters and the store's rate must be above zero")
    return params_b * BYTES_PER_PARAMETER / store_gb_s


def best_interval_s(run: Interruptions) -> float:
    """Seconds of work between checkpoints that waste the least; infinite where nothing interrupts."""
    mean, write = run.mean_between_s, run.checkpoint_s
    if math.isinf(mean):
        return math.inf
    if write >= 2.0 * mean:
        return mean
    share = write / (2.0 * mean)
    return max(math.sqrt(2.0 * write * mean) * (1.0 + math.sqrt(share) / 3.0 + share / 9.0) - write, 1e-9)


def clock_per_work(run: Interruptions, interval_s: float | None = None) -> float:
    """Seconds on the clock for a second of work, at least 1; infinite where a run never gets through.

    Args:
        run: its interruptions.
        interval_s: work between checkpoints; None takes the best.
    """
    interval = best_interval_s(run) if interval_s is None else interval_s
    if math.isinf(run.mean_between_s):
        return 1.0 if math.isinf(interval) else 1.0 + run.checkpoint_s / interval
    mean = run.mean_between_s
    exponent = max((interval + run.checkpoint_s) / mean, run.restart_s / mean)
    if exponent > LARGEST_EXPONENT:
        return math.inf
    return max(
        mean * math.exp(run.restart_s / mean) * math.expm1((interval + run.checkpoint_s) / mean) / interval,
        1.0,
    )


def cost_per_step(step_s: float, count: int, price_per_hour: float, run: Interruptions) -> float:
    """Money for one step that counts, on `count` devices at `price_per_hour` each, lost work included."""
    return step_s * clock_per_work(run) * count * price_per_hour / 3600.0
