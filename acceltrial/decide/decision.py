"""The whole decision on a matrix: vetoes, Pareto set, scores, stability, flips, disagreement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from acceltrial.decide import agreement, flips
from acceltrial.decide.criteria import Criteria
from acceltrial.decide.draws import between, keyed_rng
from acceltrial.decide.matrix import Matrix, check_bounds
from acceltrial.decide.ranking import Stability, additive_scores, pareto, rank_stability, ranks
from acceltrial.decide.values import Criterion, Floats, utility
from acceltrial.decide.weights import central_weights, draw_weights
from acceltrial.errors import ConfigurationError, DataContractError

DRAW_BUDGET = 20_000_000
"""Largest options × criteria × measurement draws held at once (160 MB)."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What `decide` found. Arrays run over `kept`, the names that no veto ruled out.

    Attributes:
        vetoed: the reasons by option.
        order: indices of `kept`, best first; equal scores in order of name.
    """

    kept: tuple[str, ...]
    vetoed: Mapping[str, tuple[str, ...]]
    utilities: Floats
    weights: Floats
    scores: Floats
    ranks: Any
    order: tuple[int, ...]
    front: Any
    stability: Stability
    by_role: Mapping[str, Floats]
    missing: Mapping[str, tuple[str, ...]]
    flip: Mapping[str, Any] | None
    disagreement: Mapping[str, Any]


def decide(
    matrix: Matrix,
    criteria: Criteria,
    *,
    draws: int,
    seed: int,
    measurement_draws: int = 100,
    where: str = "matrix",
) -> Decision:
    """The decision, the same for every order of the rows.

    Every draw of the weights (shared out evenly among the roles) meets every draw of the values
    (one only when no value is uncertain).

    Raises:
        ConfigurationError: `draws` is not positive.
        DataContractError: a value lies outside its bounds.
    """
    if draws < 1 or measurement_draws < 1:
        raise ConfigurationError(
            f"draws must be at least 1, not {min(draws, measurement_draws)}", where="--draws"
        )
    vetoed = vetoes(matrix, criteria)
    rows = sorted(
        (i for i, name in enumerate(matrix.options) if name not in vetoed), key=matrix.options.__getitem__
    )
    check_bounds(matrix, criteria.criteria, rows, where)
    kept = tuple(matrix.options[i] for i in rows)
    utilities = utilities_of(matrix.values[rows], criteria.criteria)
    centre = central_weights(criteria.roles)
    scores = additive_scores(utilities, centre)
    order = tuple(sorted(range(len(kept)), key=lambda i: (-round(float(scores[i]), 12), kept[i])))
    samples = _samples(kept, matrix, rows, criteria.criteria, measurement_draws, seed)
    by_role = {role: additive_scores(utilities, weights) for role, weights in criteria.roles.items()}
    return Decision(
        kept=kept,
        vetoed=vetoed,
        utilities=utilities,
        weights=centre,
        scores=scores,
        ranks=ranks(scores),
        order=order,
        front=pareto(utilities),
        stability=rank_stability(samples, role_draws(criteria.roles, draws, seed)),
        by_role=by_role,
        missing=_missing(kept, criteria.names, utilities),
        flip=_flip(kept, criteria.criteria, matrix.values[rows], utilities, centre, scores, order),
        disagreement=_disagreement(kept, by_role),
    )


def vetoes(matrix: Matrix, criteria: Criteria) -> dict[str, tuple[str, ...]]:
    """The reasons by option for all that a veto rules out; a veto that cannot be evaluated is one."""
    found: dict[str, tuple[str, ...]] = {}
    for row, option in enumerate(matrix.options):
        values = {
            name: None if np.isnan(value) else float(value)
            for name, value in zip(criteria.names, matrix.values[row], strict=True)
        }
        reasons = [
            reason
            for name, expression in criteria.vetoes.items()
            if (
                reason := _veto(
                    name, expression, {**values, "value": values[name], "row": values, "option": option}
                )
            )
        ]
        if reasons:
            found[option] = tuple(reasons)
    return found


def utilities_of(values: Floats, criteria: Sequence[Criterion]) -> Floats:
    """Utilities of options × criteria."""
    return np.column_stack([utility(values[:, i], criterion) for i, criterion in enumerate(criteria)])


def role_draws(
    roles: Mapping[str, Floats],
    draws: int,
    seed: int,
    *,
    concentration: float | None = 60.0,
    keep_order: bool = True,
) -> Floats:
    """At least `draws` weight vectors, as many of each role, by name; as `draw_weights` draws them."""
    each = -(-draws // len(roles))
    return np.vstack(
        [
            draw_weights(
                roles[role],
                each,
                keyed_rng(seed, "weights", role),
                concentration=concentration,
                keep_order=keep_order,
            )
            for role in sorted(roles)
        ]
    )


def _veto(name: str, expression: Any, values: dict[str, Any]) -> str:
    try:
        holds = expression.holds(values)
    except ValueError as error:
        unknown = sorted(_unknown_reads(name, expression, values))
        why = f"{', '.join(unknown)} unknown" if unknown else str(error)
        return f"veto of {name} cannot be evaluated ({why}): {expression.text}"
    return f"veto of {name}: {expression.text}" if holds else ""


def _unknown_reads(name: str, expression: Any, values: dict[str, Any]) -> set[str]:
    read = {name if variable == "value" else field or variable for variable, field in expression.reads}
    return {name for name in read if name in values["row"] and values["row"][name] is None}


def _samples(
    kept: Sequence[str],
    matrix: Matrix,
    rows: Sequence[int],
    criteria: Sequence[Criterion],
    wanted: int,
    seed: int,
) -> Floats:
    values, low, high = matrix.values[rows], matrix.low[rows], matrix.high[rows]
    if not kept:
        return np.zeros((0, 0, len(criteria)))
    uncertain = bool(np.any(np.isnan(values)) or np.any(low < high))
    draws = wanted if uncertain else 1
    if values.size * draws > DRAW_BUDGET:
        draws = max(1, DRAW_BUDGET // values.size)
    samples = np.empty((draws, *values.shape))
    for row, name in enumerate(kept):
        rng = keyed_rng(seed, "values", name)
        z, anywhere = rng.standard_normal((draws, len(criteria))), rng.random((draws, len(criteria)))
        drawn = (
            between(values[row], low[row], high[row], z, positive=False) if uncertain else values[row][None]
        )
        worth = utilities_of(drawn, criteria)
        samples[:, row] = np.where(np.isnan(worth), anywhere, worth)
    return samples


def _missing(kept: Sequence[str], names: Sequence[str], utilities: Floats) -> dict[str, tuple[str, ...]]:
    return {
        option: tuple(name for name, worth in zip(names, row, strict=True) if np.isnan(worth))
        for option, row in zip(kept, utilities, strict=True)
        if np.isnan(row).any()
    }


def _flip(
    kept: Sequence[str],
    criteria: Sequence[Criterion],
    values: Floats,
    utilities: Floats,
    weights: Floats,
    scores: Floats,
    order: Sequence[int],
) -> dict[str, Any] | None:
    if len(order) < 2:
        return None
    winner, second = order[0], order[1]
    now = flips.Standing(kept, criteria, values, utilities, weights, winner)
    moved, least = flips.weight_flip(now), flips.least_weight_change(now)
    return {
        "winner": kept[winner],
        "runner_up": kept[second],
        "margin": float(scores[winner] - scores[second]),
        "tie": bool(scores[winner] - scores[second] <= 1e-12),
        "weight": None
        if moved is None
        else {"rival": moved.rival, "from": moved.taken_from, "to": moved.given_to, "amount": moved.amount},
        "least_weights": None
        if least is None
        else {
            "rival": least.rival,
            "from": dict(least.taken_from),
            "to": least.given_to,
            "amount": least.amount,
        },
        "values": [_as_dict(change) for change in flips.value_flips(now)],
        "rival_values": [_as_dict(change) for change in flips.rival_flips(now)],
    }


def _as_dict(change: flips.ValueFlip) -> dict[str, Any]:
    today = None if np.isnan(change.value) else change.value
    return {
        "rival": change.rival,
        "criterion": change.criterion,
        "value": today,
        "flips_at": change.flips_at,
    }


def _disagreement(kept: Sequence[str], by_role: Mapping[str, Floats]) -> dict[str, Any]:
    if not kept:
        return {"kendall_w": None, "first": {}, "text": "no option is left to disagree on"}
    scores = np.vstack([by_role[role] for role in sorted(by_role)])
    return {
        "kendall_w": agreement.kendall_w(scores),
        "first": {role: kept[agreement.leaders(by_role[role])[0]] for role in sorted(by_role)},
        "text": agreement.in_words(list(kept), by_role),
    }


def require_an_option(decision: Decision, where: str) -> None:
    """Refuses a decision in which everything is vetoed.

    It names the veto, or where no single one will do the fewest together, whose end would free most options.
    Raises DataContractError.
    """
    if decision.kept:
        return
    fewest = min(len(reasons) for reasons in decision.vetoed.values())
    freed: dict[tuple[str, ...], list[str]] = {}
    for option, reasons in decision.vetoed.items():
        if len(reasons) == fewest:
            freed.setdefault(reasons, []).append(option)
    reasons, options = max(freed.items(), key=lambda item: (len(item[1]), item[0]))
    would_go = " and ".join(f"'{reason}'" for reason in reasons)
    raise DataContractError(
        f"all {len(decision.vetoed)} options are vetoed",
        where=where,
        remedy=f"without {would_go} these would be left: {', '.join(options[:5])}",
        details={"vetoed": {option: list(found) for option, found in decision.vetoed.items()}},
    )
