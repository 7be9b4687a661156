"""Which winner can be tried here, and against what: options that are servers which this machine can start."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl

from acceltrial.errors import ConfigurationError
from acceltrial.targets import availability, spec_from_row
from stages.canary.params import CanaryParams

APIS = ("completions", "chat")


@dataclass(frozen=True)
class Choice:
    """What is tried, or why nothing is.

    Attributes:
        target: the row of Targets of the candidate; None when nothing can be tried.
        baseline: that of the old path: the same target, or the workload's next option that runs here.
        why: how the choice came about, or what is missing.
    """

    workload: str
    target: dict[str, Any] | None
    why: str
    baseline: dict[str, Any] | None = None


def choose(
    workloads: pl.DataFrame,
    decisions: pl.DataFrame,
    ranking: pl.DataFrame,
    targets: pl.DataFrame,
    params: CanaryParams,
) -> Choice:
    """The first workload, by name, whose recommended option runs here; else the best-ranked local one.

    Where every local option is vetoed, the first of them is taken as a rehearsal, and says so.

    Raises ConfigurationError when `params` names an unknown workload or target.
    """
    recommended = {row["workload"]: row["option"] for row in decisions.to_dicts()}
    if params.workload is not None and params.workload not in recommended:
        raise ConfigurationError(
            f"there is no workload '{params.workload}'",
            where="params.yaml: canary.workload",
            remedy=f"name one of: {', '.join(sorted(recommended))}",
        )
    if params.target is not None and params.target not in set(targets["target"]):
        raise ConfigurationError(
            f"there is no target '{params.target}'",
            where="params.yaml: canary.target",
            remedy=f"name one of: {', '.join(sorted(targets['target']))}",
        )
    wanted = [params.workload] if params.workload else sorted(recommended)
    served = workloads.filter(pl.col("phase") == "inference")  # a training run has no traffic to split
    model = dict(served.select("workload", "model").iter_rows())
    local = {row["target"]: row for row in targets.to_dicts() if _can_serve(row)}

    def serves(workload: str, option: str | None) -> bool:
        return option in local and local[option]["model"] == model.get(workload)

    def found(workload: str, option: str, why: str) -> Choice:
        mine = ranking.filter(pl.col("workload") == workload).sort("rank", "option", nulls_last=True)
        others = [o for o in mine["option"] if o != option and _alike(local.get(o), local[option])]
        beside = others[0] if others and params.baseline == "next" else option
        return Choice(workload, local[option], why, local[beside])

    def may_be_tried(workload: str, option: str | None) -> bool:
        return params.target in (None, option) and serves(workload, option)

    for workload in wanted:
        option = recommended[workload]
        if may_be_tried(workload, option):
            return found(workload, option, f"{option} is the recommended option of {workload}")
    rows = ranking.filter(pl.col("workload").is_in(wanted) & pl.col("rank").is_not_null())
    for row in rows.sort("rank", "workload", "option").to_dicts():
        workload, option = row["workload"], row["option"]
        if may_be_tried(workload, option):
            why = (
                f"{option} is rank {row['rank']} for {workload} and the best of its options that run here;"
                f" the recommended {recommended[workload]} cannot be reached"
            )
            return found(workload, option, why)
    for row in ranking.filter(pl.col("workload").is_in(wanted)).sort("workload", "option").to_dicts():
        workload, option = row["workload"], row["option"]
        if may_be_tried(workload, option):
            why = (
                f"a rehearsal: no option that may be tried here may be recommended; {option} serves"
                f" {workload} and was vetoed ({row['veto_reason']})"
            )
            return found(workload, option, why)
    return Choice("", None, _nothing(targets))


def _alike(other: dict[str, Any] | None, row: dict[str, Any]) -> bool:
    """Whether both can answer the same request: one model, one API."""
    return other is not None and all(other[name] == row[name] for name in ("model", "api"))


def _can_serve(row: dict[str, Any]) -> bool:
    """Enabled, of a text API, started by us (so that it can be started twice), and available."""
    if not row["enabled"] or row["environment"] != "local" or row["api"] not in APIS:
        return False
    return availability(spec_from_row(row)).available


def _nothing(targets: pl.DataFrame) -> str:
    reasons = [
        f"{row['target']}: {_why_not(row)}"
        for row in targets.sort("target").to_dicts()
        if row["environment"] == "local" and row["api"] in APIS
    ]
    return "no local text server can be tried" + (f" ({'; '.join(reasons)})" if reasons else "")


def _why_not(row: dict[str, Any]) -> str:
    if not row["enabled"]:
        return "disabled"
    return availability(spec_from_row(row)).reason or "no workload of its model is ranked on it"
