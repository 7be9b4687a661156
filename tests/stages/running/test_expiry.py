from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from stages.running.expiry import expired, remember_expiry
from stages.running.runner import StageResult
from stages.running.workspace import Workspace

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def test_a_stage_expires_with_its_oldest_evidence_and_never_without_any(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    result = StageResult("benchmark", "r", (), {}, 0, 0, NOW + timedelta(hours=1))
    assert not expired(workspace, "benchmark", NOW)
    remember_expiry(workspace, result)
    assert not expired(workspace, "benchmark", NOW)
    assert expired(workspace, "benchmark", NOW + timedelta(hours=1))
    remember_expiry(workspace, replace(result, valid_until=None))
    assert not expired(workspace, "benchmark", NOW + timedelta(days=999))
