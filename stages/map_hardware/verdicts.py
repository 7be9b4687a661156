"""From the checks of one workload to its rows of Candidates and Constraints."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import polars as pl

from schemas.base import polars_schema
from schemas.mapping import Candidates, Constraints
from stages.map_hardware.constraints import Check
from stages.map_hardware.demand import Demand
from stages.map_hardware.footprint import Footprint
from stages.map_hardware.options import FloatArray, Options
from stages.map_hardware.verdict import FAIL, PASS, UNKNOWN

Names: TypeAlias = np.ndarray[Any, np.dtype[np.str_]]
LARGEST = 1e9
"""Margins are cut here: a figure a billion times what is needed says no more than that."""


def constraint_frame(demand: Demand, options: Options, checks: list[Check]) -> pl.DataFrame:
    """One row an option and constraint, by option and then in the order of the checks."""
    none = np.full(len(options), np.nan)
    frames = [
        pl.DataFrame(
            {
                "position": np.arange(len(options)) * len(checks) + order,
                "workload": demand.workload,
                "option": options.names,
                "constraint": check.constraint,
                "required": none if check.required is None else check.required,
                "available": none if check.available is None else check.available,
                "unit": check.unit,
                "margin": np.minimum(check.margins(), LARGEST),
                "verdict": check.verdicts,
                "reason": check.reasons,
            }
        )
        for order, check in enumerate(checks)
    ]
    finite = [
        pl.when(pl.col(name).is_finite()).then(pl.col(name)).alias(name)
        for name in ("required", "available", "margin")
    ]
    whole = pl.concat(frames).sort("position").with_columns(finite)
    return whole.select(list(polars_schema(Constraints)))


def candidate_frame(demand: Demand, options: Options, checks: list[Check], fit: Footprint) -> pl.DataFrame:
    """One row an option: kept with the room at its tightest constraint, or rejected with the worst breach."""
    verdicts = np.array([check.verdicts for check in checks])
    margins = np.array([np.nan_to_num(check.margins(), nan=np.inf) for check in checks])
    failed = verdicts == FAIL
    # A memory that nobody states cannot be promised; neuromorphic chips count neurons, not bytes.
    holds = np.array([device.accelerator_class == "neuromorphic" for device in options.devices])
    unsure = (verdicts[0] == UNKNOWN) & ~holds
    feasible = ~failed.any(axis=0) & ~unsure
    ranked = np.where(failed.any(axis=0), np.where(failed, margins, np.inf), margins)
    binding = np.where(unsure & ~failed.any(axis=0), 0, _first_lowest(ranked, verdicts))
    margin = np.minimum(margins[binding, np.arange(len(options))], LARGEST)
    frame = pl.DataFrame(
        {
            "workload": demand.workload,
            "option": options.names,
            "option_kind": "catalogue",
            "accelerator": [device.accelerator for device in options.devices],
            "accelerator_class": [device.accelerator_class for device in options.devices],
            "count": options.count.astype(int),
            "precision": options.precisions,
            "feasible": feasible,
            "binding_constraint": [checks[index].constraint for index in binding.tolist()],
            "margin": _nullable(
                np.where(verdicts[binding, np.arange(len(options))] == UNKNOWN, np.nan, margin)
            ),
            "memory_required_gb": _nullable(fit.required_gb),
            "memory_available_gb": _nullable(fit.available_gb),
            "max_batch": _nullable(fit.largest_batch).cast(pl.Int64),
            "reason": _reasons(checks, binding.tolist(), verdicts),
        }
    )
    return frame.select(list(polars_schema(Candidates)))


def _first_lowest(ranked: FloatArray, verdicts: Names) -> np.ndarray[Any, np.dtype[np.intp]]:
    """The lowest margin's row by option; where no margin is known, the first constraint that passed."""
    lowest = ranked.argmin(axis=0)
    known = np.isfinite(ranked.min(axis=0))
    return np.asarray(np.where(known, lowest, (verdicts == PASS).argmax(axis=0)))


def _reasons(checks: list[Check], binding: list[int], verdicts: Names) -> list[str]:
    reasons = []
    for option, index in enumerate(binding):
        unknown = [
            check.constraint
            for check, verdict in zip(checks, verdicts[:, option], strict=True)
            if verdict == UNKNOWN and check is not checks[index]
        ]
        note = f"; not known: {', '.join(unknown)}" if unknown else ""
        reasons.append(checks[index].reasons[option] + note)
    return reasons


def _nullable(values: FloatArray) -> pl.Series:
    return pl.Series(values, dtype=pl.Float64).fill_nan(None).replace(float("inf"), None)
