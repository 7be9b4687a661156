"""When the recommendation would change: prices, volume and weights at which the runner-up is level."""

from __future__ import annotations

import math

import numpy as np

from acceltrial.decide.flips import crossing, value_flips, weight_flip
from acceltrial.decide.values import utility
from schemas.decision import CRITERIA
from stages.score.choice import Case, Choice
from stages.score.costing import cost_at
from stages.score.params import ScoreParams

LIMIT = 100.0
"""Prices and volumes are tried up to a hundred times and down to a hundredth."""
_COST, _LATENCY = CRITERIA.index("cost_per_throughput"), CRITERIA.index("latency")


def flips_when(choice: Choice, params: ScoreParams) -> str:
    """The conditions in words, or why there are none."""
    winner, second = choice.winner, choice.runner_up
    if winner is None:
        return "nothing is recommended, so nothing can flip"
    if second is None:
        return "no other option is left: only a veto that goes can change the choice"
    margin = float(choice.scores[choice.order[0]] - choice.scores[choice.order[1]])
    parts = [f"{second.option.id} is {margin:.3f} behind"]
    price = price_flip(choice, params)
    if price is not None:
        parts.append(f"it wins when the price of {winner.option.id} is {_factor(price)} today's")
    rival_price = rival_price_flip(choice, params)
    if rival_price is not None:
        parts.append(f"or when its own price falls to {_factor(rival_price)} today's")
    volume = volume_flip(choice, params)
    if volume is not None:
        parts.append(f"at {_factor(volume)} today's volume {_who(choice, volume, params)} is level or ahead")
    if price is None and rival_price is None and volume is None:
        parts.append(f"no price or volume within a factor of {LIMIT:g} changes the choice")
    parts.extend(_weights_and_values(choice))
    return "; ".join(parts)


def price_flip(choice: Choice, params: ScoreParams) -> float | None:
    """The factor on the winner's accelerator price at which the runner-up is level; None up to a hundred."""
    winner, second = choice.winner, choice.runner_up
    if winner is None or second is None:
        return None
    other = score_at(choice, second, params)
    return crossing(lambda f: score_at(choice, winner, params, price=f) - other, low=1.0, high=LIMIT)


def rival_price_flip(choice: Choice, params: ScoreParams) -> float | None:
    """The factor on the runner-up's accelerator price at which it is level; None down to a hundredth."""
    winner, second = choice.winner, choice.runner_up
    if winner is None or second is None:
        return None
    own = score_at(choice, winner, params)
    return crossing(lambda f: own - score_at(choice, second, params, price=f), low=1 / LIMIT, high=1.0)


def volume_flip(choice: Choice, params: ScoreParams) -> float | None:
    """The factor on the workload's volume, up or down, at which one of the next three options is level.

    Latency is taken as measured or predicted at today's load per replica: replicas are added, not
    loaded more.
    """
    winner = choice.winner
    if winner is None or choice.runner_up is None:
        return None
    rivals = _finalists(choice)

    def lead(factor: float) -> float:
        own = score_at(choice, winner, params, volume=factor)
        return own - max(score_at(choice, rival, params, volume=factor) for rival in rivals)

    return crossing(lead, low=1 / LIMIT, high=LIMIT)


def score_at(
    choice: Choice, case: Case, params: ScoreParams, *, price: float = 1.0, volume: float = 1.0
) -> float:
    """The case's score at factors of its price and of the volume; all but its cost as today."""
    index = choice.kept.index(case)
    worth = choice.utilities[index].copy()
    if case.costing.offer is not None and not math.isnan(worth[_COST]):
        cost = cost_at(
            choice.workload, case.option, case.figures, case.costing.offer, params, case.new_class,
            price=price, volume=volume,
        )  # fmt: skip
        worth[_COST] = float(utility(cost, choice.axes[_COST].criterion))
    return float(sum(w * u for w, u in zip(choice.weights, worth, strict=True) if not math.isnan(u)))


def _finalists(choice: Choice) -> list[Case]:
    return [choice.kept[index] for index in choice.order[1:4]]


def _who(choice: Choice, volume: float, params: ScoreParams) -> str:
    best = max(_finalists(choice), key=lambda case: score_at(choice, case, params, volume=volume))
    return best.option.id


def _weights_and_values(choice: Choice) -> list[str]:
    names = [case.option.id for case in choice.kept]
    winner = choice.order[0]
    told = []
    moved = weight_flip(names, CRITERIA, choice.utilities, choice.weights, winner)
    if moved is not None:
        told.append(
            f"{moved.rival} is level when {moved.amount:.3f} of weight moves from"
            f" {moved.taken_from.replace('_', ' ')} to {moved.given_to.replace('_', ' ')}"
        )
    values = np.array([[given.value for given in case.assessed.given] for case in choice.kept])
    criteria = [axis.criterion for axis in choice.axes]
    found = value_flips(names, criteria, values, choice.utilities, choice.weights, winner)
    told.extend(
        f"or when the winner's latency rises from {flip.value:.0%} to {flip.flips_at:.0%} of its target"
        for flip in found
        if flip.criterion == "latency" and choice.axes[_LATENCY].unit != "ms"
    )
    return told


def _factor(factor: float) -> str:
    return f"{factor:.2f} times" if factor < 10 else f"{factor:.0f} times"
