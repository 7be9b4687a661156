"""The lines that cross where a choice flips, for a chart: scores as one figure moves, all else as today."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from stages.score.choice import Case, Choice
from stages.score.flipping import finalists, rival_of, score_at
from stages.score.flips_table import people_at
from stages.score.params import ScoreParams
from stages.score.supposed import answering, slower

POINTS: Final = 24
"""Points of a line, in equal ratios, beside today and the point of the flip."""
BEYOND: Final = 1.5
"""How far a line runs past today and past the flip, as a factor."""

Moved = Callable[[Case, float], float]


def flip_lines(
    choice: Choice, params: ScoreParams, flips: Iterable[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """The rows of FlipLines for every condition among `flips` that has a point."""
    winner = choice.winner
    if winner is None:
        return []
    rows = []
    for flip in flips:
        if flip["factor"] is None:
            continue
        kind = flip["kind"]
        for case in _drawn(choice, winner, flip):
            moved = _moved(choice, params, winner, kind)
            for factor in _factors(flip["factor"]):
                score = moved(case, factor)
                rows.append(
                    {
                        "workload": flip["workload"],
                        "kind": kind,
                        "option": case.option.id,
                        "factor": factor,
                        "value": flip["today"] * factor,
                        "score": score if math.isfinite(score) else None,
                    }
                )
    return rows


def _drawn(choice: Choice, winner: Case, flip: Mapping[str, Any]) -> list[Case]:
    """The winner, the next on another device, and who takes the lead at the flip."""
    rival = rival_of(choice)
    ahead = [case for case in finalists(choice) if case.option.id == flip["rival"]]
    drawn = [winner, *([rival] if rival else []), *ahead]
    return list({case.option.id: case for case in drawn}.values())


def _moved(choice: Choice, params: ScoreParams, winner: Case, kind: str) -> Moved:
    """The score of a case at a factor of the figure that `kind` is about."""

    def of_winner(case: Case, factor: float) -> float:
        if case is not winner:
            return score_at(choice, case, params)
        if kind == "price":
            return score_at(choice, case, params, price=factor)
        share = factor if kind == "utilisation" else min(1.0, factor * case.figures.correct.value)
        if factor >= 1:
            return score_at(choice, case, params)
        figures = (slower if kind == "utilisation" else answering)(case.figures, share)
        return score_at(choice, case, params, figures=figures)

    def of_rival(case: Case, factor: float) -> float:
        return score_at(choice, case, params, price=factor if case is not winner else 1.0)

    def of_all(case: Case, factor: float) -> float:
        if kind == "volume":
            return score_at(choice, case, params, volume=factor)
        return score_at(choice, case, people_at(params, factor))

    return {"rival_price": of_rival, "volume": of_all, "engineering_cost": of_all}.get(kind, of_winner)


def _factors(flips_at: float) -> list[float]:
    low, high = min(1.0, flips_at) / BEYOND, max(1.0, flips_at) * BEYOND
    ratio = (high / low) ** (1 / (POINTS - 1))
    return sorted({1.0, flips_at, *(low * ratio**step for step in range(POINTS))})
