"""Which row answers a question."""

from __future__ import annotations

from typing import Any

import pytest

from stages.report.blocks import Material
from stages.report.lookup import (
    best_measurement,
    device_p_best,
    latency_question,
    latency_targets,
    leading_cost_metric,
    measured_here,
    metric_title,
    nearest_flip,
)


def _row(place: int, **changes: Any) -> dict[str, Any]:
    row = {
        "metric": "ttft_ms",
        "statistic": "p95",
        "phase": "replay",
        "value": 1.0,
        "valid": True,
        "_row": place,
    }
    return row | changes


def test_the_workloads_own_traffic_comes_first() -> None:
    rows = [_row(0, phase="predicted"), _row(1, phase="synthetic"), _row(2)]
    assert best_measurement(rows, ("ttft_ms",), ("p95",)) == rows[2]


def test_valid_and_known_rows_come_first() -> None:
    rows = [_row(0, valid=False), _row(1, value=None), _row(2, phase="predicted")]
    assert best_measurement(rows, ("ttft_ms",), ("p95",)) == rows[2]
    assert best_measurement(rows[:2], ("ttft_ms",), ("p95",)) == rows[0]


def test_no_fitting_row_is_none() -> None:
    assert best_measurement([_row(0)], ("e2e_ms",), ("p95",)) is None


def test_targets_carry_the_owners_percentile(material: Material) -> None:
    targets = latency_targets(material.tables, "support-chat")
    assert [(t.name, t.limit_ms, t.statistic) for t in targets] == [
        ("slo_ttft_ms", 500.0, "p95"),
        ("slo_tpot_ms", 80.0, "p95"),
    ]
    assert latency_targets(material.tables, "domain-finetune") == []


def test_training_is_compared_by_its_own_metrics(material: Material) -> None:
    assert leading_cost_metric(material.tables, "domain-finetune") == "usd_per_trained_step"
    assert leading_cost_metric(material.tables, "support-chat") == "usd_per_1k_successful_actions"
    assert leading_cost_metric(material.tables, "fraud-scoring") is None
    assert latency_question(material.tables, "domain-finetune")[0] == ("step_time_s",)


def test_measured_here_means_this_option(material: Material) -> None:
    assert measured_here(material.tables, "reply-suggest", "local-llamacpp-q4")
    assert not measured_here(material.tables, "reply-suggest", "h100-sxm-x1-bf16")
    assert not measured_here(material.tables, "support-chat")


@pytest.mark.parametrize(
    ("metric", "title"),
    [
        ("ttft_from_intended_ms", "time to first token"),
        ("capacity_rps", "highest rate held"),
        ("step_time_s", "step time"),
        ("mfu", "mfu"),
    ],
)
def test_metrics_are_told_in_words(metric: str, title: str) -> None:
    assert metric_title(metric) == title


def test_a_device_is_best_as_often_as_its_forms_together(material: Material) -> None:
    tables = material.tables
    rows = [row for row in tables.rows("ranking", "support-chat") if row["option"].startswith("h100-sxm")]
    together = device_p_best(tables, "support-chat", "h100-sxm-x1-bf16")
    assert together == pytest.approx(sum(row["p_best"] for row in rows))
    assert device_p_best(tables, "fraud-scoring", "h100-sxm-x1-bf16") is None


def test_the_nearest_flip_is_the_one_with_the_least_distance(material: Material) -> None:
    flip = nearest_flip(material.tables, "support-chat")
    assert flip is not None
    assert (flip["kind"], flip["factor"]) == ("price", 1.3)
    assert nearest_flip(material.tables, "fraud-scoring") is None
