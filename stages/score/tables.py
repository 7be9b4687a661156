"""The rows of the stage's tables from the choices."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
import polars as pl

from acceltrial.decide.agreement import in_words
from acceltrial.decide.draws import interval
from acceltrial.decide.ranking import ranks
from acceltrial.decide.values import Floats
from schemas.base import GRADES, table_of
from schemas.decision import CRITERIA, Costs, Ranking, RoleRanking, Scores
from stages.score.choice import Case, Choice
from stages.score.criteria import utilities_of_given
from stages.score.flipping import flips_when
from stages.score.params import ScoreParams
from stages.score.placing import why_nothing


def costs_table(choices: list[Choice], now: datetime) -> pl.DataFrame:
    """Costs of every feasible option; an option without cost has one empty row with the reason."""
    rows: list[dict[str, Any]] = []
    for choice in choices:
        for case in choice.cases:
            rows.extend(_cost_rows(choice, case, now))
    return table_of(Costs, rows)


def scores_table(choices: list[Choice]) -> pl.DataFrame:
    """Values and utilities of every option without veto, and of every target, on every criterion."""
    rows: list[dict[str, Any]] = []
    for choice in choices:
        cases = [case for case in choice.cases if case.given]
        utilities = utilities_of_given([case.given for case in cases], choice.axes)
        for case, worths in zip(cases, utilities, strict=True):
            rows.extend(_score_rows(choice, case, worths))
    return table_of(Scores, rows)


def ranking_table(choices: list[Choice]) -> pl.DataFrame:
    """Every option of every workload: ranked first, then vetoed, then infeasible ones."""
    rows: list[dict[str, Any]] = []
    for choice in choices:
        stability = choice.stability
        rows.extend(
            {
                "workload": choice.workload.id,
                "option": choice.kept[i].option.id,
                "score": float(choice.scores[i]),
                "rank": place,
                "p_best": float(stability.p_best[i]),
                "rank_p5": float(stability.rank_p5[i]),
                "rank_p95": float(stability.rank_p95[i]),
                "pareto": bool(choice.front[i]),
                "vetoed": False,
                "veto_reason": "",
            }
            for place, i in enumerate(choice.order, start=1)
        )
        vetoed = [(c.option.id, "; ".join(v.reason for v in c.vetoes)) for c in choice.cases if c.vetoes]
        for option, reason in [*vetoed, *((o.id, veto.reason) for o, veto in choice.rejected)]:
            empty = dict.fromkeys(("score", "rank", "p_best", "rank_p5", "rank_p95"))
            rows.append(
                {
                    "workload": choice.workload.id, "option": option, **empty,
                    "pareto": False, "vetoed": True, "veto_reason": reason,
                }
            )  # fmt: skip
    return table_of(Ranking, rows)


def role_ranking_table(choices: list[Choice]) -> pl.DataFrame:
    """Each role's own scores and ranks of the options without veto; equal scores share a rank."""
    rows: list[dict[str, Any]] = []
    for choice in choices:
        for role, scores in choice.by_role.items():
            places = ranks(scores)
            rows.extend(
                {
                    "workload": choice.workload.id,
                    "role": role,
                    "option": choice.kept[i].option.id,
                    "score": float(min(1.0, scores[i])),
                    "rank": int(places[i]),
                }
                for i in sorted(range(len(scores)), key=lambda i: (places[i], choice.kept[i].option.id))
            )
    return table_of(RoleRanking, rows)


def decision_row(choice: Choice, params: ScoreParams, flips: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The workload's row of Decisions; `flips` are its rows of Flips."""
    winner, second = choice.winner, choice.runner_up
    names = [case.option.id for case in choice.kept]
    shares = evidence_shares(choice)
    first = choice.order[0] if choice.order else None
    return {
        "workload": choice.workload.id,
        "status": "recommended" if winner else "all_vetoed" if choice.cases else "no_option",
        "option": winner.option.id if winner else None,
        "runner_up": second.option.id if second else None,
        "score": None if first is None else float(choice.scores[first]),
        "margin": float(choice.scores[first] - choice.scores[choice.order[1]])
        if first is not None and second
        else None,
        "p_best": None if first is None else float(choice.stability.p_best[first]),
        **{f"share_{grade}": shares[grade] for grade in GRADES},
        "disagreement": in_words(names, choice.by_role),
        "flips_when": flips_when(choice, params, flips),
        "next_step": next_step(choice, shares),
    }


def evidence_shares(choice: Choice) -> dict[str, float]:
    """Share of the winner's weighted criteria by grade of what they rest on; all 0 without a winner.

    The cost criterion is divided by the money: compute is as good as its speed and price, the other
    lines are declared. An unknown criterion counts as declared: somebody chose to decide without it.
    """
    total = dict.fromkeys(GRADES, 0.0)
    winner = choice.winner
    if winner is None:
        return total
    for name, weight, given in zip(CRITERIA, choice.weights, winner.given, strict=True):
        parts = {given.grade if given.known else "declared": 1.0}
        if name == "cost_per_throughput" and winner.costing.shares:
            parts = dict(winner.costing.shares)
        for grade, part in parts.items():
            total[grade] += float(weight) * part
    scale = sum(total.values())
    return {grade: min(1.0, share / scale) for grade, share in total.items()}


def next_step(choice: Choice, shares: dict[str, float]) -> str:
    """What to do with the decision."""
    winner = choice.winner
    if winner is None:
        return why_nothing(choice)
    name = winner.option.id
    if shares["measured"] > 0:
        step = f"canary {name} on a small share of live traffic"
    else:
        offer = winner.costing.offer
        place = f" ({offer.provider} {offer.region})" if offer else ""
        step = f"rent {name}{place} for a day and replay the trace: nothing that speaks for it was measured"
    often = _more_often_best(choice)
    own = float(choice.stability.p_best[choice.order[0]])
    if often is not None:
        return f"NOT SETTLED: {_unsettled(choice, often)}; measure {often.option.id} beside it; {step}"
    if own < 0.5 and choice.runner_up is not None:
        other = choice.runner_up.option.id
        step += f"; measure {other} beside it, for {name} is best in only {own:.0%} of the draws"
    return step


def _more_often_best(choice: Choice) -> Case | None:
    """The option that is first in more draws than the recommended one, or None."""
    p_best = choice.stability.p_best
    index = int(np.argmax(p_best))
    return choice.kept[index] if p_best[index] > p_best[choice.order[0]] + 1e-9 else None


def _unsettled(choice: Choice, often: Case) -> str:
    """How often each is best, and why score and draws differ."""
    winner, p_best = choice.winner, choice.stability.p_best
    assert winner is not None
    theirs, own = float(p_best[choice.kept.index(often)]), float(p_best[choice.order[0]])
    device = sum(
        float(p)
        for case, p in zip(choice.kept, p_best, strict=True)
        if case.option.device == winner.option.device
    )
    unknown = [
        name.replace("_", " ") for name, given in zip(CRITERIA, often.given, strict=True) if not given.known
    ]
    index = choice.kept.index(often)
    level = abs(float(choice.scores[index] - choice.scores[choice.order[0]])) < 1e-9
    why = (
        "their scores are equal, so only their names decide"
        if level
        else f"the score counts its unknown {', '.join(unknown)} as nothing, the draws as anything"
        if unknown
        else "its figures are surer or its ranges lean to the better side"
    )
    return (
        f"{often.option.id} is best in {theirs:.0%} of the draws, {winner.option.id} in {own:.0%}"
        f" ({winner.option.device} in any form in {device:.0%}): {why}"
    )


def _score_rows(choice: Choice, case: Case, worths: Floats) -> list[dict[str, Any]]:
    return [
        {
            "workload": choice.workload.id,
            "option": case.option.id,
            "criterion": axis.criterion.name,
            "value": _or_none(given.value),
            "low": _or_none(given.low),
            "high": _or_none(given.high),
            "unit": axis.unit,
            "bound_worst": axis.criterion.worst,
            "bound_best": axis.criterion.best,
            "utility": _or_none(float(worth)),
            "weight": float(weight),
            "grade": given.grade,
            "evidence": _evidence(
                given.value, given.source or given.reason, axis.criterion.low, axis.criterion.high
            ),
        }
        for axis, given, worth, weight in zip(choice.axes, case.given, worths, choice.weights, strict=True)
    ]


def _cost_rows(choice: Choice, case: Case, now: datetime) -> list[dict[str, Any]]:
    costing = case.costing
    base = {
        "workload": choice.workload.id,
        "option": case.option.id,
        "phase": "training" if choice.workload.training else "inference",
        "grade": costing.grade,
        "source": costing.source,
        "date": costing.date or now,
    }
    if not costing.known:
        return [
            {
                **base,
                "metric": "usd_per_month",
                "value": None,
                "low": None,
                "high": None,
                "reason": costing.reason,
            }
        ]
    names = list(costing.central)
    values = np.array([costing.central[name] for name in names])
    low = high = np.full(len(names), np.nan)
    if costing.draws:
        size = max(np.size(costing.draws[name]) for name in names)
        draws = np.vstack([np.broadcast_to(costing.draws[name], (size,)) for name in names])
        low, high = interval(draws, values, axis=1)
    reason = "" if costing.draws else "vetoed, so no interval was drawn"
    return [
        {
            **base,
            "metric": name,
            "value": _or_none(values[i]),
            "low": None if math.isnan(values[i]) else _or_none(low[i]),
            "high": None if math.isnan(values[i]) else _or_none(high[i]),
            "reason": reason if not math.isnan(values[i]) else _why_empty(name, choice),
        }
        for i, name in enumerate(names)
    ]


def _why_empty(metric: str, choice: Choice) -> str:
    if "token" in metric:
        return "the trace gives no output length, or the workload has no output tokens"
    if "successful" in metric:
        return "no action succeeds in time"
    return f"unknown: a figure of {choice.workload.id} is missing"


def _evidence(value: float, text: str, low: float, high: float) -> str:
    if value < low or value > high:
        return f"{text} (beyond the declared bounds: counted as the bound)"
    return text


def _or_none(value: float) -> float | None:
    return None if not math.isfinite(value) else float(value)


def verdict_rows(log: Counter[tuple[str, str, str, str]]) -> list[dict[str, Any]]:
    """The rows of PolicyVerdicts from the gate's log."""
    return [
        {"workload": workload, "rule": rule, "outcome": outcome, "cases": count, "detail": detail}
        for (workload, rule, outcome, detail), count in sorted(log.items())
    ]
