from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from stages.score.figures import Evidence, Given
from stages.score.params import ScoreParams
from stages.score.service import figures_of, latency_of, pooled_success
from stages.score.world import build_world


def setup(rows: Any, build: Callable[..., Any], workload: str = "chat") -> Any:
    tables = build(rows)
    world = build_world(tables)
    keys = [(row["workload"], row["option"]) for row in rows["candidates"]]
    owner = {row["option"]: row["accelerator"] for row in rows["candidates"]}
    known = Evidence(tables["measurements"], {w.id: "m" for w in world.workloads}, owner, keys)
    return known, next(w for w in world.workloads if w.id == workload), world.options[workload]


def of(options: Any, name: str) -> Any:
    return next(option for option in options if option.id == name)


def test_latency_is_the_worst_of_its_targets_and_says_what_is_unknown(
    rows: Any, build: Callable[..., Any]
) -> None:
    rows["workloads"][0].update(streaming=True, slo_ttft_ms=100.0, slo_tpot_ms=50.0)
    base = next(row for row in rows["measurements"] if row["metric"] == "e2e_ms")
    rows["measurements"].append({**base, "metric": "ttft_ms", "value": 60.0, "low": 50.0, "high": 70.0})
    known, workload, _ = setup(rows, build)
    found = latency_of(known, workload, "gpu-a-x1-bf16")
    assert found.value == pytest.approx(0.6)
    assert "unknown: tpot_ms" in found.source


def test_a_lower_percentile_proves_a_miss_but_never_a_hit(rows: Any, build: Callable[..., Any]) -> None:
    rows["workloads"][0]["slo_percentile"] = 99.0
    known, workload, options = setup(rows, build)
    found = latency_of(known, workload, "gpu-a-x1-bf16")
    assert not found.known
    assert "at a lower percentile 15%" in found.reason
    served = figures_of(known, workload, of(options, "gpu-a-x1-bf16"), ScoreParams(), Given(), {})
    assert (served.on_time.value, served.on_time.high) == (0.95, 1.0)
    rows["workloads"][0]["slo_e2e_ms"] = 100.0
    known, workload, _ = setup(rows, build)
    assert latency_of(known, workload, "gpu-a-x1-bf16").value == pytest.approx(3.0)


def test_success_is_borrowed_from_the_same_model_and_graded_predicted(
    rows: Any, build: Callable[..., Any]
) -> None:
    known, workload, options = setup(rows, build)
    borrowed = pooled_success(known, workload, options)
    found = figures_of(known, workload, of(options, "gpu-a-x1-bf16"), ScoreParams(), borrowed, {})
    assert (found.correct.value, found.correct.grade) == (0.8, "predicted")
    assert (
        figures_of(known, workload, of(options, "local-q4"), ScoreParams(), borrowed, {}).correct.grade
        == "measured"
    )
    floor = figures_of(known, workload, of(options, "gpu-a-x1-bf16"), ScoreParams(), Given(), {})
    assert (floor.correct.value, floor.correct.grade) == (0.7, "declared")


def test_attainment_is_not_charged_for_failures_twice(rows: Any, build: Callable[..., Any]) -> None:
    known, workload, options = setup(rows, build)
    found = figures_of(known, workload, of(options, "local-q4"), ScoreParams(), Given(), {})
    assert found.on_time.value == pytest.approx(0.9 / 0.99)


def test_rated_power_never_ranks_two_targets_of_one_host(rows: Any, build: Callable[..., Any]) -> None:
    known, workload, options = setup(rows, build)
    shared = figures_of(known, workload, of(options, "local-q4"), ScoreParams(), Given(), {"local-cpu": 2})
    assert not shared.watts.known
    assert "two targets" in shared.watts.reason


def test_training_is_held_against_its_deadline(rows: Any, build: Callable[..., Any]) -> None:
    known, workload, options = setup(rows, build, "tune")
    found = figures_of(known, workload, options[0], ScoreParams(), Given(), {})
    assert found.latency.value == pytest.approx(1000 * 2 / 3600 / 10)
