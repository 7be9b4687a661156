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
    PORTFOLIO,
    PRICES,
    REPORT,
    REPORT_TABLES,
    ROADMAP,
    TARGETS,
    WORKLOADS,
)
from stages.report.changes import LAST_QUARTER
from stages.report.roadmap import quarter_of
from stages.running.tracking import send
from stages.running.workspace import Workspace, find_workspace, held
from stages.score.reopening import in_words, reopened

PACKS = "data/packs"


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
    """Evaluates, compares with the quarter before, and keeps the pack. Returns the pack's folder."""
    chosen = find_workspace(Path(workspace))
    at = at or datetime.now(UTC)
    with held(chosen):
        hand_on_last(chosen, at)
        evaluate_flow(str(chosen.root))
        send(chosen)
        return str(keep_pack(chosen, at))


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


def hand_on_last(workspace: Workspace, at: datetime) -> Path | None:
    """Puts the newest earlier quarter's roadmap into the portfolio, so that the report tells what changed.

    Returns the file, or None where no earlier pack was kept.
    """
    packs = (workspace.root / PACKS).glob(f"????-Q[1-4]/{Path(ROADMAP.path).name}")
    earlier = [roadmap for roadmap in packs if roadmap.parent.name < quarter_of(at)]
    if not earlier:
        return None
    kept = workspace.root / PORTFOLIO.path / LAST_QUARTER
    write_bytes(kept, max(earlier).read_bytes())
    return kept


def keep_pack(workspace: Workspace, at: datetime) -> Path:
    """Copies the last report, roadmap and tables to `data/packs/<year>-Q<quarter>`, whole or not at all."""
    pack = workspace.root / PACKS / quarter_of(at)
    draft = pack.with_name(f".{pack.name}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    for artifact in (REPORT, ROADMAP):
        shutil.copy2(workspace.root / artifact.path, draft)
    shutil.copytree(workspace.root / REPORT_TABLES.path, draft / "tables")
    shutil.rmtree(pack, ignore_errors=True)
    draft.rename(pack)
    return pack
