"""Token lengths that meet given quantiles: piecewise log-normal, with a floor and a cap."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

_TAIL_Z = 4.0


class LengthSpec(BaseModel):
    """Quantiles of a length in tokens.

    Between two of them the length is log-normal; beyond the outer ones the slope of the nearest pair goes
    on, up to `minimum` and `maximum`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    quantiles: dict[float, float] = Field(min_length=1)
    """Tokens by probability, for example `{0.5: 1020, 0.95: 4083, 0.99: 4142}`."""
    minimum: int = Field(default=1, ge=0)
    maximum: int | None = Field(default=None, gt=0)
    """The service's cap; by default a quarter above the highest quantile."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        items = sorted(self.quantiles.items())
        if not all(0 < p < 1 and np.isfinite(v) and 0 <= v <= 1e8 for p, v in items):
            raise ValueError("quantiles need probabilities between 0 and 1 and lengths from 0 to 1e8")
        values = [v for _, v in items]
        if values != sorted(values):
            raise ValueError("a higher quantile cannot be shorter than a lower one")
        return self

    def cap(self) -> float:
        """The longest length that is drawn."""
        return float(self.maximum or np.ceil(1.25 * max(self.quantiles.values()) + 1))


def length_at(spec: LengthSpec, z: NDArray[np.float64]) -> NDArray[np.int32]:
    """Whole lengths at normal scores `z` (z = Φ⁻¹ of the probability)."""
    from scipy.special import ndtri

    items = sorted(spec.quantiles.items())
    scores = np.array([float(ndtri(p)) for p, _ in items])
    logs = np.log(np.maximum([v for _, v in items], 0.5))
    if len(items) == 1:
        scores, logs = np.array([scores[0], scores[0] + 1]), np.array([logs[0], logs[0] + 0.5])
    low = (logs[1] - logs[0]) / (scores[1] - scores[0])
    high = (logs[-1] - logs[-2]) / (scores[-1] - scores[-2])
    x = np.concatenate([[scores[0] - _TAIL_Z], scores, [scores[-1] + _TAIL_Z]])
    y = np.concatenate([[logs[0] - _TAIL_Z * low], logs, [logs[-1] + _TAIL_Z * high]])
    lengths = np.exp(np.interp(z, x, y))
    rounded: NDArray[np.int32] = np.rint(np.clip(lengths, spec.minimum, spec.cap())).astype(np.int32)
    return rounded


def draw_lengths(spec: LengthSpec | None, count: int, random: np.random.Generator) -> list[int] | list[None]:
    """`count` independent lengths, or as many empties where there is no spec."""
    if spec is None:
        return [None] * count
    drawn: list[int] = length_at(spec, random.standard_normal(count)).tolist()
    return drawn
