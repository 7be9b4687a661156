"""Targets of targets.yaml as options: they can be measured, and serve only their own model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from stages.map_hardware.demand import Demand

_TEXT_APIS = frozenset({"completions", "chat"})
_CLASS_BY_DEVICE_WORD = {
    "cpu": "cpu",
    "tpu": "tpu",
    "trn": "training_accelerator",
    "trainium": "training_accelerator",
    "gaudi": "training_accelerator",
    "inf": "inference_asic",
    "npu": "npu",
    "loihi": "neuromorphic",
    "akida": "neuromorphic",
}


def target_rows(
    demand: Demand, targets: pl.DataFrame, classes: Mapping[str, str]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Candidate rows and constraint rows of every target for one workload.

    Args:
        demand: the workload's needs.
        targets: the targets table.
        classes: accelerator class by catalogue id.
    """
    candidates, constraints = [], []
    for target in targets.iter_rows(named=True):
        rows = list(_constraints(demand, target))
        failed = next((row for row in rows if row["verdict"] == "fail"), None)
        binding = failed or rows[0]
        note = "" if target["enabled"] else "; the target is switched off in targets.yaml"
        candidates.append(
            {
                "workload": demand.workload,
                "option": target["target"],
                "option_kind": "target",
                "accelerator": target["accelerator"],
                "accelerator_class": _class_of(target, classes),
                "count": 1,
                "precision": target["precision"],
                "feasible": failed is None,
                "binding_constraint": binding["constraint"],
                "margin": binding["margin"],
                "memory_required_gb": None,
                "memory_available_gb": None,
                "max_batch": None,
                "reason": binding["reason"] + note,
            }
        )
        constraints += rows
    return candidates, constraints


def _constraints(demand: Demand, target: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    same = target["model"] == demand.shape.model
    yield _row(
        demand,
        target,
        "model_served",
        passed=same,
        reason=f"the target serves {target['model']}"
        + ("" if same else f", the workload needs {demand.shape.model}"),
    )
    fits = target["api"] == demand.api or {target["api"], demand.api} <= _TEXT_APIS
    yield _row(
        demand,
        target,
        "runtime",
        passed=fits,
        reason=f"the target speaks {target['api']}" + ("" if fits else f", the workload needs {demand.api}"),
    )


def _row(
    demand: Demand, target: Mapping[str, Any], constraint: str, *, passed: bool, reason: str
) -> dict[str, Any]:
    return {
        "workload": demand.workload,
        "option": target["target"],
        "constraint": constraint,
        "required": None,
        "available": None,
        "unit": "",
        "margin": None if passed else -1.0,
        "verdict": "pass" if passed else "fail",
        "reason": reason,
    }


def _class_of(target: Mapping[str, Any], classes: Mapping[str, str]) -> str:
    if target["accelerator"] in classes:
        return classes[target["accelerator"]]
    words = f"{target['device']} {target['kind']}".lower()
    return next((kind for word, kind in _CLASS_BY_DEVICE_WORD.items() if word in words), "gpu")
