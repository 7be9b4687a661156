from __future__ import annotations

import copy
import math
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from stages.score.figures import Evidence, Given


def evidence(rows: Any, build: Callable[..., Any]) -> Evidence:
    keys = [(row["workload"], row["option"]) for row in rows["candidates"]]
    owner = {row["option"]: row["accelerator"] for row in rows["candidates"]}
    return Evidence(build(rows)["measurements"], dict.fromkeys(("chat", "lab", "tune"), "m"), owner, keys)


def test_the_strongest_then_the_latest_figure_counts(rows: Any, build: Callable[..., Any]) -> None:
    base = next(row for row in rows["measurements"] if row["option"] == "gpu-a-x1-bf16")
    real = {**base, "grade": "measured", "phase": "replay", "value": 7.0, "low": 6.0, "high": 8.0}
    older = {**real, "value": 5.0, "low": 4.0, "high": 6.0, "date": real["date"] - timedelta(days=9)}
    rows["measurements"] += [older, real]
    found = evidence(rows, build).get("chat", "gpu-a-x1-bf16", "capacity_rps", "max")
    assert (found.value, found.grade) == (7.0, "measured")


def test_unknown_figures_carry_the_reason(rows: Any, build: Callable[..., Any]) -> None:
    rows["measurements"] = [
        {**row, "value": None, "low": None, "high": None, "interval_level": None, "interval_method": None,
         "reason": "server died"}
        for row in rows["measurements"]
    ]  # fmt: skip
    found = evidence(rows, build).get("chat", "gpu-a-x1-bf16", "capacity_rps", "max")
    assert not found.known
    assert "server died" in found.reason


def test_predictions_of_one_accelerator_err_together(rows: Any, build: Callable[..., Any]) -> None:
    more = copy.deepcopy(rows)
    known = evidence(more, build)
    a = known.get("chat", "gpu-a-x1-bf16", "capacity_rps", "max")
    b = known.get("lab", "gpu-a-x1-bf16", "capacity_rps", "max")
    other = known.get("chat", "gpu-b-x1-bf16", "capacity_rps", "max")
    same = a.draws(20, 1, "chat", "x", "capacity") / a.value
    assert same == pytest.approx(b.draws(20, 1, "lab", "y", "capacity") / b.value)
    assert same != pytest.approx(other.draws(20, 1, "chat", "z", "capacity") / other.value)


def test_a_figure_without_interval_does_not_vary() -> None:
    assert set(Given(2.0).draws(5, 1, "k").tolist()) == {2.0}
    assert math.isnan(Given().draws(2, 1, "k")[0])
