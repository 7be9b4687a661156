"""The simulator calibrated on a replay and the screens of a target foretells its other replays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from acceltrial.errors import DataContractError

if TYPE_CHECKING:
    from acceltrial.simulate.observation import Phase
    from stages.benchmark.screen import Level

FAMILY = "cpu-calibrated"
LEAST_REQUESTS = 10
QUANTILES = {"p50": 0.5, "p95": 0.95}
Load = Mapping[str, Any]


def foretold(loads: Sequence[Load], records: pl.DataFrame) -> pl.DataFrame:
    """Predictions of every replay but those that calibrated their target; empty where there is no other.

    The replay with the most answers calibrates, with the closed loops of all the target's screens. Arrivals
    and lengths of the other replays are known, their times are not used.

    Args:
        loads: what each replay asked for, as the cells noted it.
        records: request records of all replays.
    """
    seen = _seen(loads, records)
    rows: list[dict[str, Any]] = []
    for option in sorted({load["option"] for load, _ in seen}):
        own = sorted(
            (one for one in seen if one[0]["option"] == option),
            key=lambda one: (-len(one[1]), one[0]["workload"]),
        )
        if len(own) > 1 and len(own[0][1]) >= LEAST_REQUESTS:
            rows += _of_option(own)
    return pl.DataFrame(rows)


def screened(levels: Sequence[Level]) -> list[dict[str, Any]]:
    """What each level of a screen saw, as JSON; levels without a streamed answer are left out."""
    from acceltrial.simulate.observation import phase_of

    found = []
    for level in levels:
        try:
            found.append(phase_of(level.result.records, f"{level.concurrency} streams").as_json())
        except DataContractError:
            continue
    return found


def _seen(loads: Sequence[Load], records: pl.DataFrame) -> list[tuple[Load, Phase]]:
    from acceltrial.simulate.observation import phase_of

    found = []
    for load in loads:
        cell = f"{load['workload']}@{load['option']}.replay"
        try:
            found.append((load, phase_of(records.filter(pl.col("cell") == cell), cell)))
        except DataContractError:
            continue  # nothing was streamed: there is no first token to foretell
    return found


def _of_option(own: Sequence[tuple[Load, Phase]]) -> list[dict[str, Any]]:
    from acceltrial.simulate.calibration import calibrate
    from acceltrial.simulate.observation import Phase

    (teacher, phase), others = own[0], own[1:]
    loops = [Phase.from_json(one) for load, _ in own for one in load.get("screened", [])]
    try:
        fitted = calibrate([phase, *loops])
    except DataContractError:
        return []
    source = (
        f"simulator calibrated on the replay of {teacher['workload']} ({len(phase)} requests"
        + (f" and {sum(map(len, loops))} of closed loops" if loops else "")
        + f", {teacher['date'][:10]})"
    )
    rows = []
    for load, other in others:
        told = {name: _times(fitted, other, factor) for name, factor in _ends(fitted.step_factor).items()}
        for metric in ("ttft_ms", "e2e_ms"):
            for statistic, share in QUANTILES.items():
                value, low, high = (
                    float(np.quantile(told[name][metric], share)) for name in ("value", "low", "high")
                )
                rows.append(
                    {
                        **{name: load[name] for name in ("workload", "option", "model", "precision", "run")},
                        "metric": metric,
                        "statistic": statistic,
                        "conditions": load["adjustments"],
                        "family": FAMILY,
                        "value": value,
                        "low": min(low, value),
                        "high": max(high, value),
                        "widened": 1.0,
                        "predictor": source,
                        "date": datetime.fromisoformat(load["date"]),
                    }
                )
    return rows


def _ends(factor: float) -> dict[str, float]:
    return {"value": 1.0, "low": 1.0 / factor, "high": factor}


def _times(fitted: Any, phase: Phase, factor: float) -> dict[str, Any]:
    from acceltrial.simulate import Load as Requests
    from acceltrial.simulate import simulate
    from acceltrial.simulate.fitted import slower

    load = Requests.of(phase.sent_s, phase.inputs, phase.outputs)
    found = simulate(load, slower(fitted.steps, factor), fitted.server()).requests
    return {"ttft_ms": found["ttft"].astype(float) * 1e3, "e2e_ms": found["e2e"].astype(float) * 1e3}
