"""What is simulated, how often, and what becomes of it."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from typing import TypedDict, get_args

import numpy as np

from acceltrial.canary.guardrails import JudgeSettings
from acceltrial.canary.judge import judge
from benchmarks.canary.peers import PEERS, by_minute
from benchmarks.canary.streams import Family, Trouble, simulate

OURS = "acceltrial"
FALSE_ALARMS, DETECTIONS = 1000, 300


@dataclass(frozen=True)
class Cell:
    """One kind of stream, how many of them, and the figure to reach."""

    name: str
    trouble: Trouble
    streams: int
    goal: str


class RuleFigures(TypedDict):
    """How often a rule rolled back, and the median minute in which it did (None: never)."""

    rollback: float
    median_min: float | None


class Result(TypedDict):
    """The figures of one cell."""

    cell: str
    streams: int
    rules: dict[str, RuleFigures]
    verdicts: dict[str, int]


CELLS = (
    Cell("identical arms", Trouble(), FALSE_ALARMS, "≤ 1 %"),
    Cell("arms drifting by 3 %", Trouble(drift=0.03), FALSE_ALARMS, "≤ 1.5 %"),
    Cell("cold start ×1.3, 3 minutes", Trouble(cold=1.3), FALSE_ALARMS, "≤ 2 %"),
    Cell("cold start ×3, 3 minutes", Trouble(cold=3.0), FALSE_ALARMS, "≤ 2 %"),
    Cell("all latencies +25 %", Trouble(scale=1.25), DETECTIONS, "≥ 99 %, ≤ 9 min"),
    Cell("tail only +25 % of p99", Trouble(tail=1.25), DETECTIONS, "≥ 98 %, ≤ 15 min"),
    Cell("tail only +50 % of p99", Trouble(tail=1.5), DETECTIONS, "≥ 99 %, ≤ 6 min"),
    Cell("errors 1 → 2 %", Trouble(errors=(0.01, 0.02)), DETECTIONS, "≥ 95 %, ≤ 22 min"),
    Cell("errors 1 → 5 %", Trouble(errors=(0.01, 0.05)), DETECTIONS, "100 %, ≤ 3 min"),
    Cell("2 requests/s", Trouble(rate=2.0), DETECTIONS, "insufficient traffic"),
    Cell("200 requests/s, drifting by 3 %", Trouble(rate=200.0, drift=0.03), FALSE_ALARMS, "≤ 2 %"),
)


def _of_family(family: Family) -> list[Cell]:
    kinds = (
        ("identical", Trouble(family=family), FALSE_ALARMS, "≤ 1 %"),
        ("drifting by 3 %", Trouble(family=family, drift=0.03), FALSE_ALARMS, "≤ 1.5 %"),
        ("all +25 %", Trouble(family=family, scale=1.25), DETECTIONS, "≥ 99 %, ≤ 9 min"),
        ("tail +25 %", Trouble(family=family, tail=1.25), DETECTIONS, "≥ 98 %, ≤ 15 min"),
        ("tail +50 %", Trouble(family=family, tail=1.5), DETECTIONS, "≥ 99 %, ≤ 6 min"),
    )
    return [Cell(f"{family}: {kind}", trouble, streams, goal) for kind, trouble, streams, goal in kinds]


FAMILY_CELLS = [
    cell for family in get_args(Family) if family != Trouble().family for cell in _of_family(family)
]


POWER_CELLS = [
    Cell(f"tail +{tail - 1:.0%}, {rate:g} requests/s", Trouble(tail=tail, rate=rate), DETECTIONS, goal)
    for tail, goal in ((1.25, "≥ 98 %, ≤ 15 min"), (1.5, "≥ 99 %, ≤ 6 min"))
    for rate in (30.0, 40.0, 80.0)
]
"""What traffic it takes to reach what 20 requests a second do not show in time."""


def run_cell(pool: Executor, cell: Cell, number: int, streams: int) -> Result:
    """The figures of `cell` from `streams` streams, seeded by their number and the cell's."""
    seeds = [(number, i) for i in range(streams)]
    outcomes = list(pool.map(partial(_outcome, cell.trouble), seeds, chunksize=5))
    rules = {rule: _figures([minutes[rule] for _, minutes in outcomes]) for rule in (OURS, *PEERS)}
    verdicts = dict(sorted(Counter(verdict for verdict, _ in outcomes).items()))
    return {"cell": cell.name, "streams": streams, "rules": rules, "verdicts": verdicts}


def _outcome(trouble: Trouble, seed: tuple[int, ...]) -> tuple[str, dict[str, float | None]]:
    """Our verdict, and the minute of each rule's rollback."""
    records = simulate(trouble, seed)
    found = judge(records, JudgeSettings())
    minutes: dict[str, float | None] = {OURS: found.at_s / 60 if found.verdict == "rollback" else None}
    seen = by_minute(records, trouble.minutes)
    return found.verdict, minutes | {name: rule(seen) for name, rule in PEERS.items()}


def _figures(minutes: list[float | None]) -> RuleFigures:
    at = [minute for minute in minutes if minute is not None]
    return {"rollback": len(at) / len(minutes), "median_min": float(np.median(at)) if at else None}
