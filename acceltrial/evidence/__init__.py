"""Figures that carry their grade, interval, source and date."""

from acceltrial.evidence.figure import Figure, Grade, Interval, weakest_grade

__all__ = ["Figure", "Grade", "Interval", "weakest_grade"]
