"""Value functions: what a raw figure is worth between two declared bounds.

The bounds are declared before the options are seen and never taken from them, so adding or
removing an option moves nobody else's utility. (Min-max scaling over the options at hand lets
the removal of a loser change the winner.)
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from acceltrial.errors import ConfigurationError

Floats = NDArray[np.float64]
Direction = Literal["min", "max"]
Scale = Literal["linear", "log"]


@dataclass(frozen=True, slots=True)
class Criterion:
    """One axis of a decision.

    Attributes:
        direction: `min` when less is better.
        low, high: the declared bounds in the criterion's own unit, low < high.
        scale: `log` where equal ratios, not equal differences, matter equally; needs low > 0.
        veto: a CEL expression over the option's row that rules the option out, or None.
    """

    name: str
    direction: Direction
    low: float
    high: float
    scale: Scale = "linear"
    veto: str | None = None

    def __post_init__(self) -> None:
        if not (math.isfinite(self.high - self.low) and self.low < self.high):
            raise ConfigurationError(
                f"criterion '{self.name}': bounds [{self.low}, {self.high}] are not finite and rising",
                remedy="give bounds as [low, high] in the criterion's own unit",
            )
        if self.scale == "log" and self.low <= 0:
            raise ConfigurationError(
                f"criterion '{self.name}': a log scale needs a lower bound above 0, not {self.low}",
                remedy="raise the lower bound or use scale: linear",
            )

    @property
    def worst(self) -> float:
        """The bound that is worth 0."""
        return self.high if self.direction == "min" else self.low

    @property
    def best(self) -> float:
        """The bound that is worth 1."""
        return self.low if self.direction == "min" else self.high


def utility(values: ArrayLike, criterion: Criterion) -> Floats:
    """Worth of each raw value in [0, 1]; NaN (unknown) stays NaN; beyond the bounds it is 0 or 1.

    Linear: u = (x - worst) / (best - worst). Log: the same on ln x, so a halving is worth the same
    everywhere. Both are the standard single-attribute value functions of multi-attribute value
    theory (Keeney & Raiffa, Decisions with Multiple Objectives, 1976, ch. 3).
    """
    x = np.asarray(values, dtype=np.float64)
    worst, best = criterion.worst, criterion.best
    if criterion.scale == "log":
        x = np.log(np.maximum(x, 1e-300))
        worst, best = math.log(worst), math.log(best)
    return np.clip((x - worst) / (best - worst), 0.0, 1.0)


def raw_value(worth: float, criterion: Criterion) -> float:
    """The raw value that is worth `worth`: the inverse of `utility` inside the bounds."""
    if criterion.scale == "log":
        return float(criterion.worst * (criterion.best / criterion.worst) ** worth)
    return criterion.worst + worth * (criterion.best - criterion.worst)


def outside(values: ArrayLike, criterion: Criterion) -> NDArray[np.bool_]:
    """True where a known value lies beyond the declared bounds."""
    x = np.asarray(values, dtype=np.float64)
    return (x < criterion.low) | (x > criterion.high)
