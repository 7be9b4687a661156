"""When the evidence of a stage stops to hold, so that an unchanged pipeline still measures again in time."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from acceltrial.storage.atomic import write_text
from stages.running.workspace import Workspace

if TYPE_CHECKING:
    from stages.running.runner import StageResult


def remember_expiry(workspace: Workspace, result: StageResult) -> None:
    """Notes until when the finished stage's cells hold."""
    path = _path(workspace, result.stage)
    if result.valid_until is None:
        path.unlink(missing_ok=True)
    else:
        write_text(path, result.valid_until.isoformat())


def expired(workspace: Workspace, stage: str, now: datetime) -> bool:
    """True when some evidence of the finished stage is older than its parameter allows."""
    path = _path(workspace, stage)
    return path.is_file() and datetime.fromisoformat(path.read_text()) <= now


def _path(workspace: Workspace, stage: str) -> Path:
    return workspace.cells / f"{stage}.valid-until"
