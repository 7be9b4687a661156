"""Figures of an option that somebody supposes instead of the measured or predicted ones."""

from __future__ import annotations

from dataclasses import dataclass, replace

from acceltrial.decide.supposition import Supposition
from stages.score.figures import Given
from stages.score.service import Figures


@dataclass(frozen=True, slots=True)
class Supposed:
    """What is supposed of one option.

    Attributes:
        capacity: of its capacity, and of its training speed, as a share of today's.
        success_rate: its share of right answers.
    """

    capacity: Supposition | None = None
    success_rate: Supposition | None = None

    def applied(self, figures: Figures) -> Figures:
        """The figures with what is supposed in place of what was found."""
        if self.capacity is not None:
            figures = slower(figures, self.capacity.applied(1.0))
        if self.success_rate is not None:
            figures = answering(figures, self.success_rate.applied(figures.correct.value))
        return figures


def slower(figures: Figures, share: float) -> Figures:
    """The figures at a share of the option's capacity: fewer requests a second, longer steps."""
    return replace(
        figures,
        capacity=_scaled(figures.capacity, share),
        step_time=_scaled(figures.step_time, 1 / share),
    )


def answering(figures: Figures, share: float) -> Figures:
    """The figures with `share` of right answers, taken as known: below the owner's floor it is a veto."""
    share = min(1.0, share)
    told = f"supposed instead of {figures.correct.value:.3g}"
    return replace(
        figures,
        correct=replace(figures.correct, value=share, low=share, high=share, grade="predicted", source=told),
    )


def _scaled(given: Given, factor: float) -> Given:
    return replace(given, value=given.value * factor, low=given.low * factor, high=given.high * factor)
