from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from acceltrial.storage.tables import write_table
from flows.summary import outcome_rows, outcome_text
from schemas.base import empty, table_of
from schemas.canary import CanaryVerdicts
from schemas.decision import Decisions
from schemas.evidence import BenchmarkCells
from stages.artifacts import BENCHMARK_CELLS, CANARY_VERDICTS, DECISIONS
from stages.running.workspace import Workspace

NOW = datetime(2026, 11, 22, tzinfo=UTC)
SHARES = {f"share_{grade}": 0.0 for grade in ("published", "predicted", "declared")}
DECISION: dict[str, Any] = {
    "workload": "chat", "status": "recommended", "option": "h100-x1-fp8", "p_best": 0.81234,
    "share_measured": 0.5,
    "disagreement": "", "flips_when": "", "next_step": "run a canary", **SHARES,
}  # fmt: skip


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    nothing = DECISION | {"workload": "sensor", "status": "no_option", "option": None, "p_best": None}
    cells = [
        {"cell": f"c{i}", "workload": "chat", "option": "x", "phase": "replay", "status": status,
         "started": NOW,
         "finished": NOW, "machine": "m", "detail": "", "run": "r"}
        for i, status in enumerate(["measured", "measured", "failed"])
    ]  # fmt: skip
    write_table(tmp_path / DECISIONS.path, table_of(Decisions, [DECISION, nothing]))
    write_table(tmp_path / BENCHMARK_CELLS.path, table_of(BenchmarkCells, cells))
    write_table(tmp_path / CANARY_VERDICTS.path, empty(CanaryVerdicts))
    return Workspace(tmp_path)


def test_one_row_a_workload_with_unknown_left_empty(workspace: Workspace) -> None:
    chat, sensor = outcome_rows(workspace)
    assert (chat["option"], chat["p_best"], chat["measured_share"]) == ("h100-x1-fp8", 0.812, 0.5)
    assert (sensor["option"], sensor["p_best"]) == ("", None)


def test_the_words_count_what_happened(workspace: Workspace) -> None:
    text = outcome_text(workspace)
    assert "1 of 2 workloads have a recommended option" in text
    assert "1 failed, 2 measured" in text
    assert "Canaries: none" in text
    assert "`sensor` → `no_option`" in text
