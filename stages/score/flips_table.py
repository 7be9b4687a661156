"""Where each choice flips, solved and stored, so that a scheduled check can reopen the decision."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from acceltrial.cost.ownership import CostLine
from stages.score.choice import Case, Choice
from stages.score.defaults import PEOPLE
from stages.score.flipping import (
    LIMIT,
    finalists,
    people_flip,
    price_flip,
    rival_of,
    rival_price_flip,
    score_at,
    volume_flip,
    winner_flip,
)
from stages.score.operations import people_usd
from stages.score.params import ScoreParams
from stages.score.service import Figures
from stages.score.supposed import answering, slower


def flip_rows(choice: Choice, params: ScoreParams) -> list[dict[str, Any]]:
    """The workload's rows of Flips; none where nothing is recommended."""
    winner, rival = choice.winner, rival_of(choice)
    if winner is None:
        return []
    name, offer = choice.workload.id, winner.costing.offer
    price = offer.usd_per_accelerator_hour if offer else None
    other = rival.costing.offer if rival else None
    alone = "" if rival else f"no option without veto is left on another device than {winner.option.device}"
    volume = volume_flip(choice, params) if rival else None
    correct = winner.figures.correct
    floor_only = correct.grade == "declared" and choice.workload.row["success_rate_floor"] is not None
    people = people_usd(winner.costing.central)
    build = _Rows(choice, winner, rival, alone)
    return [
        build.row("price", f"price.{offer.offer if offer else ''}", price, price_flip(choice, params), _HOUR),
        build.row(
            "rival_price",
            f"price.{other.offer if other else ''}",
            other.usd_per_accelerator_hour if other else None,
            rival_price_flip(choice, params),
            _HOUR,
        ),
        build.row(
            "volume", f"workload.{name}.volume", choice.workload.row["actions_per_month"], volume,
            "business actions a month", None if volume is None else _ahead(choice, params, volume),
        ),
        build.row("utilisation", f"device.{winner.option.device}.capacity", 1.0,
                  utilisation_flip(choice, params), "share of its capacity that the device reaches"),
        build.row(
            "quality", f"device.{winner.option.device}.success_rate",
            None if floor_only or not correct.known else correct.value,
            None if floor_only else quality_flip(choice, params),
            "share of right answers on the device", unless=_FLOOR_ONLY if floor_only else "",
        ),
        build.row("engineering_cost", "cost.people", people or None, engineering_flip(choice, params),
                  "USD a month of people's work on the winner"),
    ]  # fmt: skip


def utilisation_flip(choice: Choice, params: ScoreParams) -> float | None:
    """The share of its own capacity, in any form, at which the winner's device loses its lead."""
    return winner_flip(choice, params, slower)


def quality_flip(choice: Choice, params: ScoreParams) -> float | None:
    """The factor on the device's share of right answers at which it loses its lead, or is ruled out."""

    def worse(figures: Figures, factor: float) -> Figures:
        correct = figures.correct
        return answering(figures, correct.value * factor) if factor < 1 else figures

    return winner_flip(choice, params, worse)


def engineering_flip(choice: Choice, params: ScoreParams) -> float | None:
    """The factor on all people's work, for every option alike, at which another device is level."""
    return people_flip(choice, lambda factor: people_at(params, factor))


_FLOOR_ONLY = "nobody measured it: the owner's floor is assumed, and a measured rate below it is a veto"
_HOUR = "USD an accelerator and hour"


class _Rows:
    """Builds the rows of one workload."""

    def __init__(self, choice: Choice, winner: Case, rival: Case | None, alone: str) -> None:
        self._base = {"workload": choice.workload.id, "option": winner.option.id}
        self._rival, self._alone = None if rival is None else rival.option.id, alone

    def row(
        self,
        kind: str,
        key: str,
        today: float | None,
        factor: float | None,
        unit: str,
        rival: str | None = None,
        unless: str = "",
    ) -> dict[str, Any]:
        reason = (
            self._alone
            or unless
            or ("" if factor is not None else f"no value within a factor of {LIMIT:g} changes it")
        )
        if today is None:
            reason = reason or "today's value is unknown"
        known = factor is not None and today is not None
        return {
            **self._base,
            "kind": kind,
            "key": key,
            "rival": (rival or self._rival) if known else None,
            "today": today,
            "flips_at": today * factor if today is not None and factor is not None else None,
            "unit": unit,
            "factor": factor if known else None,
            "distance": abs(math.log(factor)) if factor is not None and known else None,
            "reason": reason,
        }


def people_at(params: ScoreParams, factor: float) -> ScoreParams:
    """The parameters with every line of people's work at `factor` of today's."""
    lines: Mapping[str, CostLine] = {
        name: line.model_copy(update={"value": line.value * factor}) if name in PEOPLE else line
        for name, line in params.cost_lines.items()
    }
    return params.model_copy(update={"cost_lines": dict(lines)})


def _ahead(choice: Choice, params: ScoreParams, volume: float) -> str:
    best = max(finalists(choice), key=lambda case: score_at(choice, case, params, volume=volume))
    return best.option.id
