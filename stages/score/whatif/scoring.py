"""The point estimate of chosen options, by the stage's own code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from acceltrial.catalog.software import Software
from acceltrial.errors import DataContractError
from stages.score.admission import Gate, rules_for
from stages.score.choice import Chooser, scores_of
from stages.score.costing import INFERENCE_UNIT, TRAINING_UNIT
from stages.score.figures import Evidence
from stages.score.overrides import Applied
from stages.score.params import ScoreParams
from stages.score.supposed import Supposed
from stages.score.whatif.keys import Tables
from stages.score.whatif.touching import Pair
from stages.score.world import World, build_world


@dataclass(frozen=True)
class Scored:
    """An option's point estimate: its score (None: vetoed) and the cost figures of its scorecard."""

    score: float | None
    usd_per_month: float | None
    unit_cost: float | None
    veto: str = ""


@dataclass(frozen=True)
class Ground:
    """What no supposition touches."""

    portfolio: Path
    today: date
    software: Software
    support: Sequence[Mapping[str, str]]


def scored(
    tables: Tables,
    params: ScoreParams,
    ground: Ground,
    pairs: Sequence[Pair],
    supposed: Mapping[str, Supposed] | None = None,
) -> dict[Pair, Scored]:
    """The point estimate of each pair; `supposed` holds by option what replaces its own figures."""
    if not pairs:
        return {}
    wanted = pl.DataFrame(list(pairs), schema={"workload": pl.String, "option": pl.String}, orient="row")
    world = build_world(
        {**tables, "candidates": _candidates(tables, wanted)}, ground.software, ground.support
    )
    evidence = _evidence(tables, wanted, world)
    overrides = Applied.of(ground.portfolio, ground.today)
    gate = Gate(rules_for(ground.portfolio))
    chooser = Chooser(world, evidence, gate, params, ground.today, overrides, supposed or {})
    found: dict[Pair, Scored] = {}
    for workload in world.workloads:
        mine = {option for name, option in pairs if name == workload.id}
        if not mine:
            continue
        cases = chooser.cases(workload, only=mine, drawn=False)
        unit = TRAINING_UNIT if workload.training else INFERENCE_UNIT
        scores = scores_of(cases, workload, params, chooser.roles)
        for case, score in zip(cases, scores, strict=True):
            costs = case.costing.central
            found[workload.id, case.option.id] = Scored(
                None if case.vetoes else score,
                costs.get("usd_per_month"),
                costs.get(unit),
                "; ".join(veto.reason for veto in case.vetoes),
            )
    return found


def _candidates(tables: Tables, wanted: pl.DataFrame) -> pl.DataFrame:
    """The wanted options, and all targets: they tell which classes the company runs, what can be borrowed."""
    candidates = tables["candidates"]
    targets = candidates.filter(pl.col("option").is_in(tables["targets"]["target"].to_list()))
    chosen = candidates.join(wanted, on=["workload", "option"], how="semi")
    return pl.concat([chosen, targets]).unique(subset=["workload", "option"])


def _evidence(tables: Tables, wanted: pl.DataFrame, world: World) -> Evidence:
    """The measurements of the wanted options, and every success rate of their workloads."""
    names = wanted["workload"].unique().to_list()
    measurements = tables["measurements"].filter(pl.col("workload").is_in(names))
    quality = measurements.filter(pl.col("metric") == "success_rate")
    chosen = measurements.join(wanted, on=["workload", "option"], how="semi")
    return world.evidence(pl.concat([quality, chosen]).unique(maintain_order=True))


def require_same_evaluation(tables: Tables, before: Mapping[Pair, Scored]) -> None:
    """Raises DataContractError unless the stored scores of these pairs are what is found `before`."""
    stored = {
        (row[0], row[1]): row[2] for row in tables["ranking"].select("workload", "option", "score").rows()
    }
    for pair, now in before.items():
        old, new = stored[pair], now.score
        if (old is None) != (new is None) or (old is not None and new is not None and abs(old - new) > 1e-9):
            raise DataContractError(
                f"the last decision does not follow from today's tables and parameters ({pair[0]}, {pair[1]}:"
                f" score {old} then, {new} now)",
                where="data/stages/score",
                remedy="bring the evaluation up to date first: acceltrial evaluate",
            )
