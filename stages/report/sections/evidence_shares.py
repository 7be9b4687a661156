"""How much of a decision rests on which grade of evidence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from acceltrial.evidence import Grade
from stages.report.formatting import percent


@dataclass(frozen=True, slots=True)
class Shares:
    """Shares by grade; they sum to 1, or all are 0 when there is no evidence."""

    by_grade: Mapping[str, float]

    @property
    def text(self) -> str:
        """`40 % measured, 60 % predicted`, strongest first, without the absent ones."""
        parts = [f"{percent(share)} {grade}" for grade, share in self.by_grade.items() if share > 0]
        return ", ".join(parts) or "no evidence"

    @property
    def segments(self) -> list[tuple[str, float, float]]:
        """Grade, start and width in per cent, for the bar."""
        start, parts = 0.0, []
        for grade, share in self.by_grade.items():
            if share > 0:
                parts.append((grade, round(start, 2), round(share * 100, 2)))
                start += share * 100
        return parts


def decision_shares(decision: Mapping[str, Any]) -> Shares:
    """The shares that a decision states."""
    return Shares({str(grade): decision[f"share_{grade}"] for grade in Grade})


def mean_shares(decisions: Iterable[Mapping[str, Any]]) -> Shares:
    """The plain mean over decisions: every workload counts the same."""
    rows = list(decisions)
    if not rows:
        return Shares({str(grade): 0.0 for grade in Grade})
    return Shares({str(grade): sum(r[f"share_{grade}"] for r in rows) / len(rows) for grade in Grade})
