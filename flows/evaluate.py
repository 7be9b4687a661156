"""The evaluation as a Prefect flow: stages in order as tasks, a grid's cells as mapped tasks.

The functions that do the work are those that `dvc repro` runs too; Prefect adds order, retries,
concurrency, and a view for people.
"""

from __future__ import annotations

import os
import time
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from prefect import flow, get_client, task, unmapped
from prefect.artifacts import create_link_artifact, create_markdown_artifact, create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.concurrency.sync import concurrency
from prefect.futures import wait
from prefect.settings import get_current_settings
from prefect.task_runners import ThreadPoolTaskRunner

from acceltrial.cli.progress import done, say
from acceltrial.errors import AcceltrialError, TargetUnavailableError
from flows.ahead import Ahead, begun
from flows.services import TEMPORARY
from flows.summary import outcome_rows, outcome_text
from stages.contract import Cell, Stage
from stages.registry import all_stages
from stages.running.dvc_steps import Pipeline
from stages.running.expiry import expired, remember_expiry
from stages.running.lineage import record_evaluation_end, record_evaluation_start
from stages.running.runner import StageResult, StageRun, complete, new_run, prepare, run_cell
from stages.running.workspace import Workspace


@dataclass(frozen=True, slots=True)
class StageOutcome:
    """How one stage of an evaluation went."""

    stage: str
    state: str  # "ran" or "unchanged"
    wall_s: float
    result: StageResult | None


def _can_pass(_task: Any, _run: Any, state: Any) -> bool:
    """Retries what may pass by itself (a target that is not ready), never a broken contract."""
    with suppress(Exception):
        state.result()
        return False
    error = state.result(raise_on_failure=False)
    return isinstance(error, (TargetUnavailableError, TimeoutError, ConnectionError))


@task(name="cell", task_run_name="{prepared.stage.name}/{cell.key}", retries=2, retry_delay_seconds=[5, 20],
      retry_condition_fn=_can_pass, cache_policy=NO_CACHE, persist_result=False)  # fmt: skip
def cell_task(prepared: StageRun, cell: Cell) -> str:
    """One cell; a lock here, and a limit on a shared server, keep a device to one measurement at a time."""
    limited = cell.device and server_is_shared()
    with concurrency(device_limit(cell.device), occupy=1, lease_duration=120) if limited else nullcontext():
        run_cell(prepared, cell)
    done(f"{prepared.stage.name}: cell {cell.key} finished")
    return cell.key


@task(name="prepare", task_run_name="{stage.name}/prepare", cache_policy=NO_CACHE, persist_result=False)
def prepare_task(stage: Stage[Any], workspace: Workspace, now: datetime | None, parent: str) -> StageRun:
    """Checks parameters and inputs, and splits a grid."""
    return prepare(stage, workspace, now=now, parent=parent, progress=say)


@task(name="stage", task_run_name="{prepared.stage.name}", cache_policy=NO_CACHE, persist_result=False)
def stage_task(prepared: StageRun, cells_run: int) -> StageResult:
    """Runs (or joins) the stage and puts its outputs in place."""
    return complete(prepared, cells_run)


@flow(name="evaluate", flow_run_name="evaluate-{root}", task_runner=ThreadPoolTaskRunner(max_workers=4))  # type: ignore[arg-type]
def evaluate_flow(root: str, force: bool = False, now: datetime | None = None) -> list[StageOutcome]:
    """Brings every stage of the workspace at `root` up to date, in order.

    Args:
        root: the workspace; its lock is held by the caller.
        force: run every stage even where nothing changed; finished cells that still hold are kept.
        now: the instant to evaluate at, to repeat an earlier evaluation.
    """
    stages = all_stages()
    evaluation = Evaluation(Workspace(Path(root)), now, force, stages)
    try:
        outcomes = [_bring_up_to_date(stage, evaluation) for stage in stages]
    except BaseException:
        evaluation.end("FAILED")
        raise
    evaluation.end("FINISHED")
    _publish(evaluation.workspace, outcomes)
    return outcomes


class Evaluation:
    """What the stages of one evaluation share. It leaves a record only when some stage has work to do."""

    def __init__(
        self, workspace: Workspace, now: datetime | None, force: bool, stages: list[Stage[Any]]
    ) -> None:
        self.workspace = workspace
        self.ahead = begun(workspace, stages)
        self.pipeline = Pipeline(workspace.root)
        self.now = now
        self.force = force
        self.run = new_run()
        self._started: datetime | None = None

    def begin(self) -> None:
        """Records the parent run, once."""
        if self._started is None:
            self._started = datetime.now(UTC)
            record_evaluation_start(self.workspace, self.run, self._started)

    def end(self, status: str) -> None:
        """Records how it ended, if it ever began."""
        if self._started is not None:
            record_evaluation_end(self.workspace, self.run, self._started, status)

    def has_work(self, stage: str) -> bool:
        """Whether the stage's outputs are missing, out of date, or rest on evidence that grew too old."""
        if self.force or expired(self.workspace, stage, self.now or datetime.now(UTC)):
            return True
        return not self.pipeline.up_to_date(stage)


def _bring_up_to_date(stage: Stage[Any], evaluation: Evaluation) -> StageOutcome:
    start = time.monotonic()
    if not evaluation.has_work(stage.name):
        done(f"{stage.name}: nothing changed")
        return StageOutcome(stage.name, "unchanged", time.monotonic() - start, None)
    evaluation.begin()
    say(f"{stage.name}: starting")
    prepared = prepare_task(stage, evaluation.workspace, evaluation.now, evaluation.run)
    missing = prepared.missing()
    _run_cells(prepared, missing, evaluation.ahead)
    result = stage_task(prepared, len(missing))
    remember_expiry(evaluation.workspace, result)
    evaluation.pipeline.record(stage.name)
    wall = time.monotonic() - start
    cells = f", {len(missing)} cells run, {result.cells_kept} kept" if prepared.cells else ""
    done(f"{stage.name}: done in {wall:.1f} s{cells}")
    return StageOutcome(stage.name, "ran", wall, result)


def _run_cells(prepared: StageRun, missing: list[Cell], ahead: Ahead) -> None:
    """Computing cells first, so that nothing disturbs a measurement; a failed cell stops no other."""
    failed: list[str] = []
    for group in ([c for c in missing if not c.device], [c for c in missing if c.device]):
        if not group:
            continue
        if group[0].device:
            ahead.wait()
        if server_is_shared():
            _ensure_limits({cell.device for cell in group if cell.device})
        futures = cell_task.map(unmapped(prepared), group)
        wait(futures)
        for cell, future in zip(group, futures, strict=True):
            if not future.state.is_completed():
                error = future.result(raise_on_failure=False)
                failed.append(f"{cell.key}: {error}")
    if failed:
        raise AcceltrialError(
            f"{len(failed)} of {len(missing)} cells failed; the others are kept: {'; '.join(failed)}",
            where=f"stage {prepared.stage.name}",
            remedy="correct what the messages name, then run again: only the failed cells are repeated",
        )


def server_is_shared() -> bool:
    """Whether a lasting server was named, which other machines may use too.

    A temporary server dies with its evaluation, and a limit that a killed evaluation held would stay taken
    in its database for ever; there the lock of the operating system is enough, and is freed by any death.
    """
    return bool(get_current_settings().api.url) and TEMPORARY not in os.environ


def device_limit(device: str) -> str:
    """The name of the concurrency limit of a device."""
    return f"acceltrial-device-{device}"


def _ensure_limits(devices: set[str]) -> None:
    with get_client(sync_client=True) as client:
        for device in sorted(devices):
            client.upsert_global_concurrency_limit_by_name(device_limit(device), 1)


def _publish(workspace: Workspace, outcomes: list[StageOutcome]) -> None:
    """Artifacts with stable keys, so that Prefect's page shows how they change over time."""
    table = [
        {
            "stage": o.stage,
            "state": o.state,
            "wall_s": round(o.wall_s, 1),
            "cells_run": o.result.cells_run if o.result else 0,
            "rows": sum(o.result.rows.values()) if o.result else None,
        }
        for o in outcomes
    ]
    create_table_artifact(
        table=table, key="acceltrial-stages", description="What the evaluation did, stage by stage"
    )
    create_table_artifact(
        table=outcome_rows(workspace), key="acceltrial-decisions", description="Decisions by workload"
    )
    create_markdown_artifact(
        outcome_text(workspace), key="acceltrial-summary", description="The evaluation in words"
    )
    report = workspace.root / "data/stages/report/report.html"
    create_link_artifact(report.as_uri(), link_text="Open the report", key="acceltrial-report")
