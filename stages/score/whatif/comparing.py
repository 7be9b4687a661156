"""Before beside after: who wins, why, and what the portfolio costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from stages.score.costing import INFERENCE_UNIT, TRAINING_UNIT
from stages.score.whatif.keys import Tables
from stages.score.whatif.scoring import Scored
from stages.score.whatif.touching import Pair


def compared(
    tables: Tables, name: str, before: Mapping[Pair, Scored], after: Mapping[Pair, Scored]
) -> dict[str, Any]:
    """One workload before and after: winners, runners-up, margins, costs, and why the first changed."""
    ranking = tables["ranking"].filter(pl.col("workload") == name)
    old = {row[0]: row[1] for row in ranking.select("option", "score").rows() if row[1] is not None}
    new = {option: score for option, score in old.items() if (name, option) not in after}
    new |= {option: s.score for (n, option), s in after.items() if n == name and s.score is not None}
    first, second = _order(old), _order(new)
    winner, then = (first[0] if first else None), (second[0] if second else None)
    fallen = {option: after[name, option].veto for option in old if option not in new}
    return {
        "workload": name,
        "winner_changed": winner != then,
        "before": _side(tables, name, first, old, before),
        "after": _side(tables, name, second, new, after),
        "why": _why(winner, then, old, new, fallen),
        "newly_vetoed": fallen,
    }


def totals(tables: Tables, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The month of all recommended options, before and after; None when one of them is unknown."""
    touched = {row["workload"]: row for row in rows}
    before: list[float | None] = []
    after: list[float | None] = []
    for name, option in tables["decisions"].select("workload", "option").rows():
        if name in touched:
            before.append(touched[name]["before"]["usd_per_month"] if option else 0.0)
            after.append(touched[name]["after"]["usd_per_month"] if touched[name]["after"]["option"] else 0.0)
        elif option is not None:
            known = _cost(tables, name, option, ("usd_per_month",))
            before.append(known)
            after.append(known)
    sums = [None if None in part else sum(x for x in part if x is not None) for part in (before, after)]
    change = None if None in sums else sums[1] - sums[0]  # type: ignore[operator]
    return {"before": sums[0], "after": sums[1], "change": change}


def _side(
    tables: Tables, name: str, order: list[str], scores: Mapping[str, float], scored: Mapping[Pair, Scored]
) -> dict[str, Any]:
    if not order:
        return dict.fromkeys(("option", "runner_up", "score", "margin", "usd_per_month", "unit_cost"))
    best = order[0]
    known = scored.get((name, best))
    month = known.usd_per_month if known else _cost(tables, name, best, ("usd_per_month",))
    unit = known.unit_cost if known else _cost(tables, name, best, (INFERENCE_UNIT, TRAINING_UNIT))
    return {
        "option": best,
        "runner_up": order[1] if len(order) > 1 else None,
        "score": scores[best],
        "margin": scores[best] - scores[order[1]] if len(order) > 1 else None,
        "usd_per_month": month,
        "unit_cost": unit,
    }


def _order(scores: Mapping[str, float]) -> list[str]:
    return sorted(scores, key=lambda option: (-round(scores[option], 12), option))


def _cost(tables: Tables, name: str, option: str, metrics: Sequence[str]) -> float | None:
    rows = tables["costs"].filter(
        (pl.col("workload") == name) & (pl.col("option") == option) & pl.col("metric").is_in(list(metrics))
    )["value"]
    return rows[0] if len(rows) else None


def _why(
    winner: str | None,
    then: str | None,
    old: Mapping[str, float],
    new: Mapping[str, float],
    fallen: Mapping[str, str],
) -> str:
    if winner is None and then is None:
        return "nothing was recommended, and nothing is"
    if winner == then and winner is not None:
        return f"{winner} stays first: its score moves by {new[winner] - old[winner]:+.4f}"
    if winner is not None and winner in fallen:
        return f"{winner} is ruled out: {fallen[winner]}"
    if then is None or winner is None:
        return "an option is admitted that was vetoed" if then else "no option is left"
    own, other = new[winner] - old[winner], new[then] - old.get(then, 0.0)
    told = "was vetoed" if then not in old else f"moves by {other:+.4f}"
    return f"{then} overtakes {winner}: its score {told}, that of {winner} by {own:+.4f}"
