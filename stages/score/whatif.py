"""The last evaluation decided again under suppositions: prices, volume, utilisation, quality, people's work.

Only options that a supposition touches are computed again, by the stage's own code and without draws;
all others keep the scores that the tables hold. Latency per replica, classes and rules stay as they were.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from acceltrial.catalog.software import Software, read_software
from acceltrial.decide.supposition import Supposition, parse
from acceltrial.errors import ConfigurationError, DataContractError
from stages.score.admission import Gate, rules_for
from stages.score.choice import Chooser, scores_of
from stages.score.costing import INFERENCE_UNIT, TRAINING_UNIT
from stages.score.defaults import PEOPLE
from stages.score.figures import Evidence
from stages.score.overrides import Applied
from stages.score.params import ScoreParams
from stages.score.support import load_support
from stages.score.supposed import Supposed
from stages.score.vetoes import BELOW_FLOOR
from stages.score.world import build_world

INPUTS = (
    "workloads", "classes", "profiles", "candidates", "accelerators", "prices", "targets", "measurements",
    "benchmark_cells",
)  # fmt: skip
OUTPUTS = ("ranking", "decisions", "costs")
FLOOR = "success_rate_floor"
ALL_PEOPLE = "cost.people"
_COLUMNS = {"volume": "actions_per_month", "value": "action_value_usd", FLOOR: FLOOR}
Tables = Mapping[str, pl.DataFrame]
Pair = tuple[str, str]


@dataclass(frozen=True)
class _Scored:
    """An option's point estimate: its score (None: vetoed) and the cost figures of its scorecard."""

    score: float | None
    usd_per_month: float | None
    unit_cost: float | None
    veto: str = ""


@dataclass(frozen=True)
class _Ground:
    """What no supposition touches."""

    portfolio: Path
    today: date
    software: Software
    support: Sequence[Mapping[str, str]]


@dataclass
class _Touched:
    """What the suppositions change: tables, parameters, and whose options are computed again."""

    tables: dict[str, pl.DataFrame]
    params: ScoreParams
    workloads: set[str] = field(default_factory=set)
    devices: set[str] = field(default_factory=set)
    targets: set[str] = field(default_factory=set)
    options: dict[str, Supposed] = field(default_factory=dict)
    everything: bool = False
    floors: set[str] = field(default_factory=set)


def known_keys(tables: Tables, params: ScoreParams) -> dict[str, str]:
    """Every key that may be supposed, with its unit in words."""
    keys: dict[str, str] = {}
    priced = sorted(set(tables["prices"]["accelerator"].to_list()))
    for accelerator in priced:
        parts = accelerator.split("-")
        for length in range(1, len(parts) + 1):
            keys["price." + "-".join(parts[:length])] = "USD an accelerator and hour, all offers of it"
    for price in tables["prices"]["price"].to_list():
        keys.setdefault(f"price.{price}", "USD an accelerator and hour, this offer")
    for row in tables["targets"].to_dicts():
        if row["price_usd_hr"] is not None:
            keys.setdefault(f"price.{row['target']}", "USD an hour of the whole target")
    for row in tables["workloads"].to_dicts():
        keys[f"workload.{row['workload']}.volume"] = "business actions a month"
        if row["action_value_usd"]:
            keys[f"workload.{row['workload']}.value"] = "USD a business action is worth"
        if row["success_rate_floor"] is not None:
            keys[f"workload.{row['workload']}.{FLOOR}"] = "share of right answers that the owner requires"
    keys["power.usd_per_kwh"] = "USD a kWh"
    keys["power.pue"] = "power usage effectiveness"
    for name, line in params.cost_lines.items():
        keys[f"cost.{name}"] = f"USD, {line.basis}"
    keys[ALL_PEOPLE] = "all lines of people's work together: x2 or +10% only"
    leading = tables["ranking"].filter(pl.col("rank") <= 10)["option"].unique().to_list()
    devices = _device_of(tables)
    for key in [f"option.{name}" for name in sorted(leading)] + [
        f"device.{name}" for name in sorted({devices[option] for option in leading})
    ]:
        keys[f"{key}.capacity"] = "share of its capacity (or training speed) of today that it reaches"
        keys[f"{key}.success_rate"] = "share of right answers (of runs that succeed)"
    return keys


def decide_again(
    tables: Tables,
    params: ScoreParams,
    portfolio: Path,
    today: date,
    given: Sequence[str],
    catalogue: Path | None = None,
) -> dict[str, Any]:
    """What changes, as the JSON of `acceltrial whatif --json`.

    Args:
        tables: those of INPUTS and OUTPUTS, of one evaluation.
        params: the score section of params.yaml.
        portfolio: folder that may hold policy.yaml.
        today: the day of the evaluation.
        given: texts such as `price.h100-sxm=2.1`.
        catalogue: folder with what is known of runtimes and support; None knows nothing.

    Raises:
        ConfigurationError: a supposition is wrong.
        DataContractError: the tables are not those of one evaluation with these parameters.
    """
    keys = known_keys(tables, params)
    free = {key for key in keys if key.startswith(("power.usd", "cost.")) or key.endswith(FLOOR)}
    supposed = parse(given, keys, zero_allowed=free)
    _refuse_impossible(supposed)
    touched = _touch(tables, params, supposed)
    pairs = _pairs(tables, touched)
    ground = _Ground(
        portfolio,
        today,
        Software() if catalogue is None else read_software(catalogue),
        [] if catalogue is None else load_support(catalogue),
    )
    before = _scored(tables, params, ground, _leading(tables, pairs))
    _same_evaluation(tables, before)
    after = _scored(touched.tables, touched.params, ground, pairs, touched.options)
    rows = [_compared(tables, name, before, after) for name in sorted({workload for workload, _ in pairs})]
    totals = _totals(tables, rows)
    return {
        "supposed": [{"key": s.key, "amount": s.text, "unit": keys[s.key]} for s in supposed],
        "options_computed_again": len(pairs),
        "winners_changed": [row["workload"] for row in rows if row["winner_changed"]],
        "portfolio_usd_per_month": totals,
        "workloads": rows,
        "kept_as_today": "latency per replica, classes, rules, and every option that no supposition touches",
    }


def _device_of(tables: Tables) -> dict[str, str]:
    """The accelerator of each option, or the option itself where the catalogue knows none."""
    rows = tables["candidates"].select("option", "accelerator").unique().rows()
    return {option: accelerator or option for option, accelerator in rows}


def _touch(tables: Tables, params: ScoreParams, supposed: Sequence[Supposition]) -> _Touched:
    touched = _Touched(dict(tables), params)
    for one in supposed:
        kind, _, rest = one.key.partition(".")
        if kind == "price":
            _touch_price(touched, rest, one)
        elif kind == "workload":
            name, _, what = rest.rpartition(".")
            _replace(touched, "workloads", _COLUMNS[what], pl.col("workload") == name, one)
            touched.workloads.add(name)
            touched.floors |= {name} if what == FLOOR else set()
        elif kind in ("option", "device"):
            name, _, what = rest.rpartition(".")
            forms = [name] if kind == "option" else [o for o, d in _device_of(tables).items() if d == name]
            for option in forms:
                touched.options[option] = replace(touched.options.get(option, Supposed()), **{what: one})
        elif one.key == ALL_PEOPLE:
            touched.everything = True
            for line in sorted(set(PEOPLE) & set(params.cost_lines)):
                touched.params = _with_assumption(touched.params, "cost", line, one)
        else:
            touched.everything = True
            touched.params = _with_assumption(touched.params, kind, rest, one)
    return touched


def _refuse_impossible(supposed: Sequence[Supposition]) -> None:
    for one in supposed:
        share = one.key.endswith((".success_rate", FLOOR))
        if share and one.value is not None and one.value > 1:
            raise ConfigurationError(
                f"{one.key}: a share cannot be {one.value:g}",
                where="--set",
                remedy="give a share from 0 to 1",
            )
        if one.key == ALL_PEOPLE and one.factor is None:
            raise ConfigurationError(
                f"{ALL_PEOPLE} stands for several lines", where="--set", remedy="write x2 or +10%"
            )


def _touch_price(touched: _Touched, name: str, one: Supposition) -> None:
    prices, targets = touched.tables["prices"], touched.tables["targets"]
    whole = (pl.col("accelerator") == name) | pl.col("accelerator").str.starts_with(f"{name}-")
    hit = prices.filter(whole)
    if hit.height:
        _replace(touched, "prices", "usd_per_accelerator_hour", whole, one)
        touched.devices |= set(hit["accelerator"].to_list())
    elif (offer := prices.filter(pl.col("price") == name)).height:
        _replace(touched, "prices", "usd_per_accelerator_hour", pl.col("price") == name, one)
        touched.devices |= set(offer["accelerator"].to_list())
    elif name in targets["target"].to_list():
        _replace(touched, "targets", "price_usd_hr", pl.col("target") == name, one)
        touched.targets.add(name)


def _replace(touched: _Touched, table: str, column: str, where: pl.Expr, one: Supposition) -> None:
    new = pl.col(column) * one.factor if one.factor is not None else pl.lit(one.value, dtype=pl.Float64)
    frame = touched.tables[table]
    touched.tables[table] = frame.with_columns(
        pl.when(where).then(new).otherwise(pl.col(column)).alias(column)
    )


def _with_assumption(params: ScoreParams, kind: str, name: str, one: Supposition) -> ScoreParams:
    held = params.cost_lines[name] if kind == "cost" else getattr(params, name)
    value = one.applied(held.value)
    changed = held.model_copy(
        update={"value": value, "low": min(held.low, value), "high": max(held.high, value)}
    )
    if kind == "cost":
        return params.model_copy(update={"cost_lines": {**params.cost_lines, name: changed}})
    return params.model_copy(update={name: changed})


def _pairs(tables: Tables, touched: _Touched) -> list[Pair]:
    """Options to compute again: without veto, or vetoed by what a supposition may lift.

    That is the number of replicas, which volume moves, and the floor of right answers where it is supposed.
    """
    ranking = tables["ranking"].join(
        tables["candidates"].select("workload", "option", "accelerator"), on=["workload", "option"]
    )
    vetoed_by = pl.col("veto_reason").str.starts_with
    below = vetoed_by(BELOW_FLOOR) & pl.col("workload").is_in(sorted(touched.floors))
    alive = ranking.filter(~pl.col("vetoed") | vetoed_by("would need ") | below)
    if not touched.everything:
        alive = alive.filter(
            pl.col("workload").is_in(sorted(touched.workloads))
            | pl.col("accelerator").is_in(sorted(touched.devices)).fill_null(False)
            | pl.col("option").is_in(sorted({*touched.targets, *touched.options}))
        )
    return [(row[0], row[1]) for row in alive.select("workload", "option").sort("workload", "option").rows()]


def _leading(tables: Tables, pairs: Sequence[Pair]) -> list[Pair]:
    """Those of the pairs that rank first to third today: enough to tell whether the tables still hold."""
    top = tables["ranking"].filter(pl.col("rank") <= 3).select("workload", "option").rows()
    return sorted({(row[0], row[1]) for row in top} & set(pairs))


def _scored(
    tables: Tables,
    params: ScoreParams,
    ground: _Ground,
    pairs: Sequence[Pair],
    supposed: Mapping[str, Supposed] | None = None,
) -> dict[Pair, _Scored]:
    """The point estimate of each pair, by the stage's own code."""
    if not pairs:
        return {}
    wanted = pl.DataFrame(list(pairs), schema={"workload": pl.String, "option": pl.String}, orient="row")
    names = wanted["workload"].unique().to_list()
    targets = tables["targets"]["target"].to_list()
    candidates = tables["candidates"]
    needed = candidates.filter(
        pl.col("option").is_in(targets)  # they tell which classes the company runs and what can be borrowed
    )
    chosen = pl.concat([candidates.join(wanted, on=["workload", "option"], how="semi"), needed]).unique(
        subset=["workload", "option"]
    )
    measurements = tables["measurements"].filter(pl.col("workload").is_in(names))
    kept = measurements.filter(pl.col("metric") == "success_rate")
    measurements = pl.concat([kept, measurements.join(wanted, on=["workload", "option"], how="semi")]).unique(
        maintain_order=True
    )
    world = build_world({**tables, "candidates": chosen}, ground.software, ground.support)
    feasible = [
        (name, option)
        for name, options in world.options.items()
        for option in options
        if option.row["feasible"]
    ]
    evidence = Evidence(
        measurements,
        {workload.id: workload.row["model"] for workload in world.workloads},
        {option.id: option.row["accelerator"] for _, option in feasible},
        [(name, option.id) for name, option in feasible],
    )
    overrides = Applied.of(ground.portfolio, ground.today)
    gate = Gate(rules_for(ground.portfolio))
    chooser = Chooser(world, evidence, gate, params, ground.today, overrides, supposed or {})
    found: dict[Pair, _Scored] = {}
    for workload in world.workloads:
        mine = {option for name, option in pairs if name == workload.id}
        if not mine:
            continue
        cases = chooser.cases(workload, only=mine, drawn=False)
        unit = TRAINING_UNIT if workload.training else INFERENCE_UNIT
        scores = scores_of(cases, workload, params, chooser.roles)
        for case, score in zip(cases, scores, strict=True):
            costs = case.costing.central
            found[workload.id, case.option.id] = _Scored(
                None if case.vetoes else score,
                costs.get("usd_per_month"),
                costs.get(unit),
                "; ".join(veto.reason for veto in case.vetoes),
            )
    return found


def _same_evaluation(tables: Tables, before: Mapping[Pair, _Scored]) -> None:
    stored = {
        (row[0], row[1]): row[2] for row in tables["ranking"].select("workload", "option", "score").rows()
    }
    for pair, scored in before.items():
        old, new = stored[pair], scored.score
        if (old is None) != (new is None) or (old is not None and new is not None and abs(old - new) > 1e-9):
            raise DataContractError(
                f"the last decision does not follow from today's tables and parameters ({pair[0]}, {pair[1]}:"
                f" score {old} then, {new} now)",
                where="data/stages/score",
                remedy="bring the evaluation up to date first: acceltrial evaluate",
            )


def _compared(
    tables: Tables, name: str, before: Mapping[Pair, _Scored], after: Mapping[Pair, _Scored]
) -> dict[str, Any]:
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


def _side(
    tables: Tables, name: str, order: list[str], scores: Mapping[str, float], scored: Mapping[Pair, _Scored]
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


def _totals(tables: Tables, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
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
