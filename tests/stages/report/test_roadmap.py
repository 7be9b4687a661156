"""roadmap.json and the arithmetic of savings."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from stages.report.blocks import Material
from stages.report.roadmap import Roadmap, build_roadmap, quarter_states, savings_of, total_savings
from tests.stages.report.conftest import Rendered
from tests.stages.report.sample_tables import NOW, sample_rows


def test_the_file_meets_its_model_and_names_its_sources(rendered: Rendered) -> None:
    roadmap = Roadmap.model_validate_json(rendered.roadmap)
    assert roadmap.quarter == "2026-Q4"
    assert [w.workload for w in roadmap.workloads][:2] == ["support-chat", "reply-suggest"]
    assert len(roadmap.sources["data/stages/score/decisions.parquet"]) == 64
    assert json.loads(rendered.roadmap)["schema_version"] == "1.0"


def test_unknown_figures_are_null_with_a_reason(rendered: Rendered) -> None:
    roadmap = Roadmap.model_validate_json(rendered.roadmap)
    vetoed = next(w for w in roadmap.workloads if w.workload == "fraud-scoring")
    assert vetoed.option is None
    assert (vetoed.cost.value, vetoed.cost.reason) == (None, "no option is recommended")
    assert vetoed.savings_vs_all_gpu.reason == "no option is recommended"


def test_savings_are_the_best_gpu_less_the_choice(material: Material) -> None:
    saving = savings_of(material.tables, "reply-suggest")
    assert saving.value == pytest.approx(900 * 1.2 - 900 * 0.4)
    assert saving.low == pytest.approx(0.8 * 900 * 1.2 - 1.3 * 900 * 0.4)
    assert saving.high == pytest.approx(1.3 * 900 * 1.2 - 0.8 * 900 * 0.4)
    assert saving.grade == "predicted"
    assert saving.source == "h100-sxm-x1-bf16 less local-llamacpp-q4"


def test_choosing_the_best_gpu_saves_nothing(material: Material) -> None:
    saving = savings_of(material.tables, "support-chat")
    assert (saving.value, saving.low, saving.high) == (0, 0, 0)


def test_the_total_says_what_it_leaves_out(material: Material) -> None:
    assert (
        total_savings(material.tables).reason == "over the 5 of 6 workloads for which both sides are priced"
    )


def test_without_gpu_prices_there_is_no_saving(material_of: Callable[..., Material]) -> None:
    rows = sample_rows()
    rows["costs"] = [r for r in rows["costs"] if not r["option"].startswith(("h100", "l40s"))]
    material = material_of(rows)
    saving = savings_of(material.tables, "reply-suggest")
    assert (saving.value, saving.reason) == (None, "no ranked GPU option has a monthly cost")


def test_quarters_follow_the_evidence(material: Material) -> None:
    def states(workload: str) -> list[str]:
        return [state.state for state in quarter_states(material.tables, workload)]

    assert states("reply-suggest") == ["done", "done", "in_progress", "not_started"]
    assert states("semantic-search") == ["done", "not_started", "in_progress", "in_progress"]
    assert states("fraud-scoring") == ["in_progress", "not_started", "not_started", "not_started"]


def test_a_rolled_back_trial_fails_the_pilot(material_of: Callable[..., Material]) -> None:
    rows: dict[str, list[dict[str, Any]]] = sample_rows()
    for verdict in rows["canary_verdicts"]:
        verdict["verdict"] = "rollback"
    states = quarter_states(material_of(rows).tables, "reply-suggest")
    assert states[1].state == "failed"


def test_an_empty_portfolio_has_a_roadmap(material_of: Callable[..., Material]) -> None:
    roadmap = build_roadmap(material_of({}).tables, NOW, "r", {})
    assert roadmap.workloads == []
    assert roadmap.total_savings_vs_all_gpu.value is None
    assert roadmap.total_savings_vs_all_gpu.reason
