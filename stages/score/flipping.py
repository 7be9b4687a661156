"""When the recommendation would change: prices, volume and weights at which the runner-up is level."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from acceltrial.decide.flips import Standing, crossing, value_flips, weight_flip
from acceltrial.decide.values import utility
from schemas.decision import CRITERIA
from stages.score.choice import Case, Choice
from stages.score.costing import cost_at
from stages.score.operations import complexity
from stages.score.params import ScoreParams
from stages.score.service import Figures
from stages.score.vetoes import below_floor

LIMIT = 100.0
"""Prices and volumes are tried up to a hundred times and down to a hundredth."""
_COST, _LATENCY = CRITERIA.index("cost_per_throughput"), CRITERIA.index("latency")
_OPERATIONS = CRITERIA.index("operational_complexity")


def flips_when(choice: Choice, params: ScoreParams, flips: Sequence[Mapping[str, Any]]) -> str:
    """The conditions in words, or why there are none; `flips` are the workload's rows of Flips."""
    winner, rival = choice.winner, rival_of(choice)
    if winner is None:
        return "nothing is recommended, so nothing can flip"
    if rival is None:
        device = winner.option.device
        return f"no other device than {device} is left: only a veto that goes can change the choice"
    name = rival.option.id
    margin = score_at(choice, winner, params) - score_at(choice, rival, params)
    parts = [f"{name}, the next on another device, is {margin:.3f} behind"]
    factors = {row["kind"]: row["factor"] for row in flips}
    dearer, cheaper, volume = (factors[kind] for kind in ("price", "rival_price", "volume"))
    if dearer is not None:
        parts.append(f"it wins when the price of {winner.option.device} is {_factor(dearer)} today's")
    if cheaper is not None:
        parts.append(f"it wins when its own price is {_factor(cheaper)} today's")
    if volume is not None:
        parts.append(f"at {_factor(volume)} today's volume {_who(choice, volume, params)} is level or ahead")
    if dearer is None and cheaper is None and volume is None:
        parts.append(f"no price or volume within a factor of {LIMIT:g} changes the choice")
    parts.extend(_weights_and_values(choice))
    return "; ".join(parts)


def rival_of(choice: Choice) -> Case | None:
    """The best option on another device than the winner's: a price change does not move both."""
    winner = choice.winner
    if winner is None:
        return None
    others = (i for i in choice.order if choice.kept[i].option.device != winner.option.device)
    index = next(others, None)
    return None if index is None else choice.kept[index]


def price_flip(choice: Choice, params: ScoreParams) -> float | None:
    """The factor on the winner's accelerator price at which another device is level; None up to a hundred."""
    winner, best = choice.winner, _best_elsewhere(choice)
    if winner is None or best is None:
        return None
    return crossing(lambda f: _ahead_of(score_at(choice, winner, params, price=f), best), low=1.0, high=LIMIT)


def rival_price_flip(choice: Choice, params: ScoreParams) -> float | None:
    """The factor on the rival's accelerator price at which it is level; None down to a hundredth."""
    winner, rival = choice.winner, rival_of(choice)
    if winner is None or rival is None:
        return None
    own = score_at(choice, winner, params)
    return crossing(lambda f: own - score_at(choice, rival, params, price=f), low=1 / LIMIT, high=1.0)


def volume_flip(choice: Choice, params: ScoreParams) -> float | None:
    """The factor on the volume, up or down, at which one of the next three options elsewhere is level.

    Latency is taken as measured or predicted at today's load per replica: replicas are added, not
    loaded more. A winner that would need more replicas than are allowed has lost its lead.
    """
    winner = choice.winner
    rivals = finalists(choice)
    if winner is None or not rivals:
        return None

    def lead(factor: float) -> float:
        own = score_at(choice, winner, params, volume=factor)
        return _ahead_of(own, max(score_at(choice, rival, params, volume=factor) for rival in rivals))

    return crossing(lead, low=1 / LIMIT, high=LIMIT)


def winner_flip(
    choice: Choice, params: ScoreParams, changed: Callable[[Figures, float], Figures]
) -> float | None:
    """The factor below 1 at which `changed` figures lose the winner its lead; None down to a hundredth."""
    winner, best = choice.winner, _best_elsewhere(choice)
    if winner is None or best is None:
        return None

    def lead(factor: float) -> float:
        return _ahead_of(score_at(choice, winner, params, figures=changed(winner.figures, factor)), best)

    return crossing(lead, low=1 / LIMIT, high=1.0)


def people_flip(choice: Choice, scaled: Callable[[float], ScoreParams]) -> float | None:
    """The factor on all people's work, for every option alike, at which another device is level."""
    winner, rivals = choice.winner, finalists(choice)
    if winner is None or not rivals:
        return None

    def lead(factor: float) -> float:
        then = scaled(factor)
        return score_at(choice, winner, then) - max(score_at(choice, rival, then) for rival in rivals)

    return crossing(lead, low=1 / LIMIT, high=LIMIT)


def score_at(
    choice: Choice,
    case: Case,
    params: ScoreParams,
    *,
    price: float = 1.0,
    volume: float = 1.0,
    figures: Figures | None = None,
) -> float:
    """The case's score at factors of its price and of the volume, or with other figures; the rest as today.

    Minus infinity where it would need more replicas than are allowed, or answers too little for its owner.
    """
    index = choice.kept.index(case)
    worth = choice.utilities[index].copy()
    if figures is not None and below_floor(choice.workload, figures.correct):
        return -math.inf
    if case.costing.offer is not None and not math.isnan(worth[_COST]):
        at = cost_at(
            choice.workload, case.option, figures or case.figures, case.costing.offer, case.admission,
            params, case.new_class, price=price, volume=volume,
        )  # fmt: skip
        if at.replicas > params.max_replicas:
            return -math.inf
        worth[_COST] = float(utility(at.usd_per_unit, choice.axes[_COST].criterion))
        if not case.given[_OPERATIONS].by_hand:
            harder = complexity(case.option, at.offer, at.replicas, at.costs, params)
            worth[_OPERATIONS] = float(utility(sum(harder.values()), choice.axes[_OPERATIONS].criterion))
    return float(sum(w * u for w, u in zip(choice.weights, worth, strict=True) if not math.isnan(u)))


def _best_elsewhere(choice: Choice) -> float | None:
    """Today's score of the best option on another device."""
    rival = rival_of(choice)
    return None if rival is None else float(choice.scores[choice.kept.index(rival)])


def _ahead_of(own: float, other: float) -> float:
    """The lead; a winner that is ruled out has none, whatever became of the others."""
    return -1.0 if own == -math.inf else own - other


def finalists(choice: Choice) -> list[Case]:
    """The best option of each of the next three devices."""
    winner = choice.winner
    found: dict[str, Case] = {}
    for index in choice.order:
        case = choice.kept[index]
        if winner is not None and case.option.device != winner.option.device:
            found.setdefault(case.option.device, case)
    return list(found.values())[:3]


def _who(choice: Choice, volume: float, params: ScoreParams) -> str:
    best = max(finalists(choice), key=lambda case: score_at(choice, case, params, volume=volume))
    return best.option.id


def _weights_and_values(choice: Choice) -> list[str]:
    names = [case.option.id for case in choice.kept]
    values = np.array([[given.value for given in case.given] for case in choice.kept])
    criteria = [axis.criterion for axis in choice.axes]
    now = Standing(names, criteria, values, choice.utilities, choice.weights, choice.order[0])
    told = []
    moved = weight_flip(now)
    if moved is not None:
        told.append(
            f"{moved.rival} is level when {moved.amount:.3f} of weight moves from"
            f" {moved.taken_from.replace('_', ' ')} to {moved.given_to.replace('_', ' ')}"
        )
    told.extend(
        f"or when the winner's latency rises from {flip.value:.3%} to {flip.flips_at:.3%} of its target"
        if flip.flips_at > flip.value * 1.001
        else f"or at any rise of the winner's latency: {flip.rival} is all but level"
        for flip in value_flips(now)
        if flip.criterion == "latency" and choice.axes[_LATENCY].unit != "ms"
    )
    return told


def _factor(factor: float) -> str:
    return f"{factor:.2f} times" if factor < 10 else f"{factor:.0f} times"
