"""Distributions of prompt and output lengths, in tokens."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from acceltrial.errors import ConfigurationError

FORMS = "N, uniform:LOW,HIGH, normal:MEAN,SD or lognormal:MEAN,CV"
_PARAMETERS = {"fixed": 1, "uniform": 2, "normal": 2, "lognormal": 2}


@dataclass(frozen=True, slots=True)
class Lengths:
    """A distribution of positive whole numbers."""

    kind: str
    first: float
    second: float = 0.0

    @staticmethod
    def parse(text: str) -> Lengths:
        """The distribution that `text` names: one of FORMS. Raises ConfigurationError."""
        kind, colon, rest = text.strip().partition(":")
        if not colon:
            kind, rest = "fixed", kind
        try:
            values = [float(value) for value in rest.split(",")]
        except ValueError:
            values = []
        good = kind in _PARAMETERS and len(values) == _PARAMETERS[kind] and all(map(math.isfinite, values))
        if not good or values[0] < 1 or (kind == "uniform" and values[1] < values[0]) or min(values) < 0:
            raise ConfigurationError(f"'{text}' is not a length", where="lengths", remedy=f"write {FORMS}")
        return Lengths(kind, *values)

    def draw(self, count: int, generator: np.random.Generator) -> npt.NDArray[np.int64]:
        """`count` lengths, each at least 1."""
        if self.kind == "fixed":
            return np.full(count, int(self.first))
        if self.kind == "uniform":
            return generator.integers(int(self.first), int(self.second) + 1, count)
        if self.kind == "normal":
            drawn = generator.normal(self.first, self.second, count)
        else:
            sigma = math.sqrt(math.log1p(self.second**2))
            drawn = generator.lognormal(math.log(self.first) - sigma**2 / 2, sigma, count)
        return np.maximum(1, np.rint(drawn)).astype(np.int64)
