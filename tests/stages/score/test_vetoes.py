from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from stages.score.vetoes import Veto, nearest_to_go


def reason(out: Any, option: str, workload: str = "chat") -> str:
    found = out["ranking"].filter(workload=workload, option=option).to_dicts()[0]
    assert found["vetoed"]
    return str(found["veto_reason"])


def change(rows: Any, option: str, metric: str, value: float) -> None:
    for row in rows["measurements"]:
        if row["option"] == option and row["metric"] == metric:
            row.update(value=value, low=value * 0.99, high=value * 1.01)


def test_a_missed_latency_target_says_by_how_much(rows: Any, score: Callable[..., Any]) -> None:
    change(rows, "local-q4", "e2e_ms", 3000.0)
    assert "latency target missed by 50% (measured" in reason(score(rows), "local-q4")


def test_a_missed_training_deadline(rows: Any, score: Callable[..., Any]) -> None:
    change(rows, "gpu-a-x1-bf16", "step_time_s", 72.0)
    assert "deadline missed by 100%" in reason(score(rows), "gpu-a-x1-bf16", "tune")


def test_quality_surely_below_the_floor(rows: Any, score: Callable[..., Any]) -> None:
    change(rows, "local-q4", "success_rate", 0.5)
    assert "below the floor of 0.70" in reason(score(rows), "local-q4")


def test_a_model_that_fails_where_it_was_measured_fails_where_it_was_not(
    rows: Any, score: Callable[..., Any]
) -> None:
    change(rows, "local-q4", "success_rate", 0.5)
    unmeasured = score(rows)["ranking"].filter(workload="chat", option="gpu-a-x1-bf16").to_dicts()[0]
    assert "below the floor of 0.70" in str(unmeasured["veto_reason"])


def test_too_many_replicas(rows: Any, score: Callable[..., Any]) -> None:
    assert "replicas, more than the 1 allowed" in reason(score(rows, max_replicas=1), "local-q4")


def test_a_failed_cell_is_quoted(rows: Any, score: Callable[..., Any]) -> None:
    rows["measurements"] = [row for row in rows["measurements"] if row["option"] != "local-q4"]
    when = rows["measurements"][0]["date"]
    rows["benchmark_cells"] = [
        {"cell": "c", "workload": "chat", "option": "local-q4", "phase": "replay", "status": "unavailable",
         "started": when, "finished": when, "machine": "", "detail": "connection refused", "run": ""}
    ]  # fmt: skip
    assert "benchmark unavailable: connection refused" in reason(score(rows), "local-q4")


@pytest.mark.parametrize(
    ("lists", "told"),
    [
        ([[Veto("a", "x")], [Veto("a", "y")], [Veto("b", "z")]], "'a' 2 of 3"),
        ([[Veto("a", "x"), Veto("b", "y")]], "several vetoes at once"),
    ],
)
def test_which_veto_would_have_to_go(lists: list[list[Veto]], told: str) -> None:
    assert told in nearest_to_go(lists)
