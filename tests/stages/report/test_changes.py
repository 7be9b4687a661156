"""What changed since an earlier roadmap."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from acceltrial.errors import DataContractError
from stages.report.blocks import Material
from stages.report.changes import LAST_QUARTER, compare, read_last, with_changes
from stages.report.roadmap import Roadmap, build_roadmap
from tests.stages.report.conftest import Rendered, run_stage
from tests.stages.report.sample_tables import NOW, sample_rows


@pytest.fixture
def now(material: Material) -> Roadmap:
    """The sample's roadmap."""
    return build_roadmap(material.tables, NOW, "r", {})


def test_nothing_changed_against_itself(now: Roadmap) -> None:
    assert compare(now, now).rows == ()


def test_choices_costs_states_and_signatures_are_told(
    now: Roadmap, material_of: Callable[[dict[str, list[dict[str, Any]]]], Material]
) -> None:
    rows = sample_rows()
    rows["workloads"] = [row for row in rows["workloads"] if row["workload"] != "pump-monitoring"]
    for decision in rows["decisions"]:
        if decision["workload"] == "support-chat":
            decision["option"] = "l40s-x1-bf16"
    for cost in rows["costs"]:
        if cost["workload"] == "reply-suggest" and cost["metric"] == "usd_per_1k_successful_actions":
            cost["value"] *= 2
    for sheet in rows["sign_offs"]:
        sheet["verdict"] = "approved"
    later = build_roadmap(material_of(rows).tables, NOW, "r", {})
    told = {
        (change.workload, change.what): (change.before, change.after) for change in compare(now, later).rows
    }
    assert told["support-chat", "choice"] == ("h100-sxm-x1-bf16", "l40s-x1-bf16")
    cost = told["reply-suggest", "cost per 1,000 successful business actions"]
    assert cost == ("$1.04", "$2.08 (+100 %)")
    assert told["fraud-scoring", "sign-offs"] == ("0 of 4", "4 of 4")
    assert told["pump-monitoring", "workload"][1] == "not in the portfolio"
    assert ("semantic-search", "choice") not in told
    changed = with_changes(later, compare(now, later)).changed_since_last_quarter
    assert changed
    assert "support-chat: choice: h100-sxm-x1-bf16 → l40s-x1-bf16" in changed


@pytest.mark.parametrize("text", ["", "{}", "[1]", "not json", '{"schema_version": "9.0"}'])
def test_what_is_no_roadmap_is_refused_with_a_remedy(tmp_path: Path, text: str) -> None:
    (tmp_path / LAST_QUARTER).write_text(text)
    with pytest.raises(DataContractError, match=LAST_QUARTER) as caught:
        read_last(tmp_path)
    assert "roadmap.json" in caught.value.remedy


def test_the_stage_reads_it_from_the_portfolio(rendered: Rendered, tmp_path: Path) -> None:
    assert read_last(tmp_path) is None
    (tmp_path / "data/portfolio").mkdir(parents=True)
    last = rendered.roadmap.replace('"2026-Q4"', '"2026-Q3"')
    (tmp_path / "data/portfolio" / LAST_QUARTER).write_text(last)
    again = run_stage(tmp_path, sample_rows(only=("support-chat", "reply-suggest")), {})
    assert "What changed since 2026-Q3" in again.page.text
    assert "semantic-search: workload" in " ".join(
        Roadmap.model_validate_json(again.roadmap).changed_since_last_quarter or []
    )
