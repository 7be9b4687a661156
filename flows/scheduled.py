"""Flows that run on a schedule: the nightly watch and the quarterly review."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import polars as pl
from prefect import flow

from acceltrial.cli.progress import done
from acceltrial.errors import BusyError
from acceltrial.storage.atomic import write_bytes
from acceltrial.storage.tables import read_table
from flows.evaluate import evaluate_flow
from stages.artifacts import (
    DECISIONS,
    FLIPS,
    PRICES,
    REPORT,
    REPORT_TABLES,
    ROADMAP,
    TARGETS,
    WORKLOADS,
)
from stages.running.tracking import send
from stages.running.workspace import Workspace, find_workspace, held
from stages.score.reopening import in_words, reopened


@flow(name="watch", retries=2, retry_delay_seconds=300)
def watch(workspace: str = ".") -> str:
    """Brings the evaluation up to date; does nothing where nothing changed and no evidence grew old.

    Then holds today's figures against the flip conditions stored with the last decision, tells which
    decisions reopen, and keeps that in `.acceltrial/reopened.json`. Returns the path of the report.
    Waits for its next turn when an evaluation is running already.
    """
    chosen = find_workspace(Path(workspace))
    try:
        with held(chosen):
            before = decided(chosen)
            evaluate_flow(str(chosen.root))
            send(chosen)
            tell_reopened(chosen, before)
    except BusyError as busy:
        return f"skipped: {busy}"
    return str(chosen.root / REPORT.path)


@flow(name="quarterly-review", retries=1, retry_delay_seconds=600)
def quarterly_review(workspace: str = ".", at: datetime | None = None) -> str:
    """Evaluates and keeps the pack of the quarter: report, roadmap and tables. Returns the pack's folder."""
    chosen = find_workspace(Path(workspace))
    with held(chosen):
        evaluate_flow(str(chosen.root))
        send(chosen)
        return str(keep_pack(chosen, at or datetime.now(UTC)))


def decided(workspace: Workspace) -> dict[str, pl.DataFrame]:
    """Decisions, flip conditions and what they rest on, as they lie on disk; empty without them."""
    artifacts = (DECISIONS, FLIPS, PRICES, TARGETS, WORKLOADS)
    if not all((workspace.root / artifact.path).is_file() for artifact in artifacts):
        return {}
    return {artifact.name: read_table(workspace.root / artifact.path) for artifact in artifacts}


def tell_reopened(workspace: Workspace, before: dict[str, pl.DataFrame]) -> list[dict[str, Any]]:
    """Logs each decision that reopens and keeps the list; returns it."""
    after = decided(workspace)
    found = reopened(before, after) if before and after else []
    for entry in found:
        done(in_words(entry))
    write_bytes(workspace.state / "reopened.json", orjson.dumps(found, option=orjson.OPT_INDENT_2))
    return found


def keep_pack(workspace: Workspace, at: datetime) -> Path:
    """Copies the last report, roadmap and tables to `data/packs/<year>-Q<quarter>`, whole or not at all."""
    pack = workspace.root / "data" / "packs" / f"{at.year}-Q{(at.month - 1) // 3 + 1}"
    draft = pack.with_name(f".{pack.name}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    for artifact in (REPORT, ROADMAP):
        shutil.copy2(workspace.root / artifact.path, draft)
    shutil.copytree(workspace.root / REPORT_TABLES.path, draft / "tables")
    shutil.rmtree(pack, ignore_errors=True)
    draft.rename(pack)
    return pack
