"""One figure with everything that a reader needs to weigh it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Grade(StrEnum):
    """How a figure was come by, strongest first."""

    MEASURED = "measured"
    PUBLISHED = "published"
    PREDICTED = "predicted"
    DECLARED = "declared"


_STRENGTH = {grade: rank for rank, grade in enumerate(Grade)}


def weakest_grade(grades: Iterable[Grade]) -> Grade:
    """The grade of a figure computed from others: it is no stronger than its weakest part.

    Raises:
        ValueError: if there are no grades to combine.
    """
    return max((Grade(grade) for grade in grades), key=_STRENGTH.__getitem__)


@dataclass(frozen=True, slots=True)
class Interval:
    """A range in the figure's own unit that covers the truth with probability `level`."""

    low: float
    high: float
    level: float
    method: str

    def __post_init__(self) -> None:
        if math.isnan(self.low) or math.isnan(self.high) or self.low > self.high:
            raise ValueError(f"interval [{self.low}, {self.high}] is not ordered")
        if not 0 < self.level < 1:
            raise ValueError(f"level {self.level} is not between 0 and 1")


@dataclass(frozen=True, slots=True)
class Figure:
    """A value, or the reason why there is none.

    `value` is None when unknown, and `reason` then says why. A known value without an
    `interval` says in `reason` why it has none.
    """

    value: float | None
    unit: str
    grade: Grade
    source: str
    date: datetime
    n: int | None = None
    interval: Interval | None = None
    reason: str = ""

    def __post_init__(self) -> None:
        if self.value is not None and not math.isfinite(self.value):
            raise ValueError(f"a figure must be finite or None, not {self.value}")
        if (self.value is None or self.interval is None) and not self.reason:
            raise ValueError("a figure without value or interval must give the reason")
