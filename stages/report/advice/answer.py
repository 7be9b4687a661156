"""An answer with its reasons, and the figures that it rests on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

Row = dict[str, Any]
MOST_NAMED = 6


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure behind an answer: its label, text, weakest grade and the rows that give it."""

    label: str
    text: str
    grade: str
    rows: tuple[tuple[str, Row], ...]


@dataclass(frozen=True, slots=True)
class Advice:
    """A question with its answer. `sure` is False where the tables hold too little to answer."""

    question: str
    answer: str
    reasons: tuple[str, ...]
    figures: tuple[Figure, ...] = ()
    sure: bool = True


def names(workloads: Iterable[str]) -> str:
    """The first few of them; how many more there are."""
    found = list(workloads)
    more = f" and {len(found) - MOST_NAMED} more" if len(found) > MOST_NAMED else ""
    return ", ".join(found[:MOST_NAMED]) + more
