"""What suppositions change in the tables and parameters, and which options must be computed again for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import polars as pl

from acceltrial.decide.supposition import Supposition
from stages.score.defaults import PEOPLE
from stages.score.params import ScoreParams
from stages.score.supposed import Supposed
from stages.score.vetoes import BELOW_FLOOR
from stages.score.whatif.keys import ALL_PEOPLE, FLOOR, Tables, device_of

Pair = tuple[str, str]
_COLUMNS = {"volume": "actions_per_month", "value": "action_value_usd", FLOOR: FLOOR}


@dataclass
class Touched:
    """What the suppositions change: tables, parameters, and whose options are computed again."""

    tables: dict[str, pl.DataFrame]
    params: ScoreParams
    workloads: set[str] = field(default_factory=set)
    devices: set[str] = field(default_factory=set)
    targets: set[str] = field(default_factory=set)
    options: dict[str, Supposed] = field(default_factory=dict)
    everything: bool = False
    floors: set[str] = field(default_factory=set)


def touched_by(tables: Tables, params: ScoreParams, supposed: Sequence[Supposition]) -> Touched:
    """What the suppositions change, in their order: a later one may change what an earlier one set."""
    touched = Touched(dict(tables), params)
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
            forms = [name] if kind == "option" else [o for o, d in device_of(tables).items() if d == name]
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


def pairs_touched(tables: Tables, touched: Touched) -> list[Pair]:
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


def _touch_price(touched: Touched, name: str, one: Supposition) -> None:
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


def _replace(touched: Touched, table: str, column: str, where: pl.Expr, one: Supposition) -> None:
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
