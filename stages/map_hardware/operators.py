"""The compiler's risk for a model: the verdict of its operators on each accelerator family."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from stages.map_hardware.verdict import FAIL, PASS, UNKNOWN

NO_COVERAGE = "the compiler's coverage of this very model was not measured: absent from a list is not a no"
OperatorsByFamily = Mapping[str, tuple[str, str]]
"""Accelerator family → verdict and reason."""
_SHOWN = 3


def operators_by_model(coverage: pl.DataFrame) -> dict[str, dict[str, tuple[str, str]]]:
    """Model → accelerator family → verdict and reason, from the table of operator coverage."""
    found: dict[str, dict[str, tuple[str, str]]] = {}
    for row in coverage.iter_rows(named=True):
        for family in filter(None, row["families"].split("|")):
            found.setdefault(row["model"], {})[family] = judge(row)
    return found


def judge(row: Mapping[str, Any]) -> tuple[str, str]:
    """The verdict of one model on one compiler, with how many operators are documented and what is not.

    A graph break or a shape that must be fixed makes a compiler's success uncertain, not impossible: it is
    told and, with every operator documented, still `unknown`.
    """
    if row["state"] == "unsupported":
        return FAIL, f"{row['backend']} does not support {_some(row['unsupported'])}"
    told = f"{row['listed'] + row['through_models']} of {row['operators']} operators documented"
    if row["through_models"]:
        told += f", {row['through_models']} of them through models that run there"
    doubts = []
    if row["unknown"]:
        doubts.append(f"not named anywhere: {_some(row['unknown'])}")
    if row["problem"]:
        doubts.append(row["problem"])
    if row["graph_breaks"]:
        doubts.append(f"{row['graph_breaks']} graph breaks")
    if not row["dynamic_shapes"]:
        doubts.append("shapes must be fixed")
    reason = "; ".join([f"{row['backend']}: {told}", *doubts])
    return (UNKNOWN if doubts else PASS), f"{reason} ({row['basis']})"


def _some(operators: str) -> str:
    names = [name.removeprefix("aten::") for name in operators.split()]
    rest = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {rest} more" if rest > 0 else "")
