"""Which winner can be tried here: one whose option is a server that this machine can run twice."""

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
        target: the row of Targets that serves both arms; None when nothing can be tried.
        why: how the choice came about, or what is missing.
    """

    workload: str
    target: dict[str, Any] | None
    why: str


def choose(
    decisions: pl.DataFrame, ranking: pl.DataFrame, targets: pl.DataFrame, params: CanaryParams
) -> Choice:
    """The first workload, by name, whose recommended option runs here; else whose best local option does.

    Raises ConfigurationError when `params.workload` names an unknown workload.
    """
    known = sorted(decisions["workload"].to_list())
    if params.workload is not None and params.workload not in known:
        raise ConfigurationError(
            f"there is no workload '{params.workload}'",
            where="params.yaml: canary.workload",
            remedy=f"name one of: {', '.join(known)}",
        )
    local = {row["target"]: row for row in targets.to_dicts() if _can_serve(row)}
    wanted = [params.workload] if params.workload else known
    recommended = {row["workload"]: row["option"] for row in decisions.to_dicts()}
    for workload in wanted:
        option = recommended[workload]
        if option in local:
            return Choice(workload, local[option], f"{option} is the recommended option of {workload}")
    for workload in wanted:
        rows = ranking.filter((pl.col("workload") == workload) & pl.col("rank").is_not_null()).sort("rank")
        for row in rows.to_dicts():
            if row["option"] in local:
                why = (
                    f"{row['option']} is rank {row['rank']} for {workload} and the best that runs here;"
                    f" the recommended {recommended[workload]} cannot be reached"
                )
                return Choice(workload, local[row["option"]], why)
    return Choice("", None, _nothing(targets))


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
    return availability(spec_from_row(row)).reason or "no workload is ranked on it"
