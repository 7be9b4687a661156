"""What a run leaves in the tracking server: data sets, parameters, metrics, files, its cells' runs."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.metadata import distributions
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import polars as pl

from acceltrial.evidence.machine import describe_machine
from acceltrial.storage.atomic import write_text
from acceltrial.storage.tables import read_table
from stages.contract import TableFile
from stages.running import records
from stages.running.cells import RECORD
from stages.running.charts import write_charts
from stages.running.code_state import code_state
from stages.running.digests import dvc_digest
from stages.running.records import DatasetUse, RunRecord
from stages.running.workspace import CHECKOUT, Workspace

if TYPE_CHECKING:
    from stages.running.runner import StageResult, StageRun

_LARGEST_ARTIFACT_BYTES = 20_000_000
_METRIC_COLUMNS = {"cell", "phase", "metric", "statistic", "value", "option"}


def record_stage(prepared: StageRun, result: StageResult) -> None:
    """Posts one record for the stage and one for each cell that is new since the last time."""
    stage, root = prepared.stage, prepared.workspace.root
    inputs = [DatasetUse(Path(path).name, path, digest, "input") for path, digest in prepared.digests.items()]
    outputs = [DatasetUse(Path(p).name, p, dvc_digest(root / p), "output") for p in result.outputs]
    code = code_state()
    record = RunRecord(
        run=prepared.context.run,
        name=stage.name,
        parent=prepared.parent,
        started=prepared.context.now,
        finished=datetime.now(UTC),
        status="FINISHED",
        params={f"{stage.name}.{k}": v for k, v in flat(prepared.params.model_dump(mode="json")).items()},
        metrics={f"rows.{name}": float(rows) for name, rows in result.rows.items()}
        | {"cells_run": float(result.cells_run), "cells_kept": float(result.cells_kept)},
        tags={
            "stage": stage.name,
            "stage_version": stage.version,
            "git_commit": code.commit,
            "git_dirty": str(code.dirty).lower(),
            "machine": prepared.context.machine,
        },
        datasets=tuple(inputs + outputs),
    )
    records.post(prepared.workspace.outbox, record, _artifacts(prepared))
    _record_cells(prepared)


def record_evaluation_start(workspace: Workspace, run: str, started: datetime) -> None:
    """Posts the parent of all stage runs of one evaluation."""
    code = code_state()
    facts = describe_machine()
    record = RunRecord(
        run=run,
        name=f"evaluate {workspace.root.name}",
        parent=None,
        started=started,
        finished=None,
        status="RUNNING",
        params={"workspace": workspace.root.name},
        tags={"git_commit": code.commit, "git_dirty": str(code.dirty).lower()}
        | {f"machine.{k}": v for k, v in flat(facts).items()},
    )
    records.post(workspace.outbox, record)


def record_evaluation_end(workspace: Workspace, run: str, started: datetime, status: str) -> None:
    """Posts how the evaluation ended, with dvc.lock, the parameters, the environment and the report."""
    root = workspace.root
    files = {
        "dvc.lock": root / "dvc.lock",
        "dvc.yaml": root / "dvc.yaml",
        "params.yaml": root / "params.yaml",
        "requirements.lock": CHECKOUT / "requirements.lock",
        "report.html": root / "data/stages/report/report.html",
        "roadmap.json": root / "data/stages/report/roadmap.json",
    }
    environment = workspace.state / "environment.txt"
    write_text(environment, installed_packages())
    files["environment.txt"] = environment
    record = RunRecord(
        run=run,
        name=f"evaluate {root.name}",
        parent=None,
        started=started,
        finished=datetime.now(UTC),
        status=status,
    )
    if files["report.html"].is_file():
        files |= write_charts(files["report.html"], workspace.state / "charts")
    records.post(workspace.outbox, record, {name: path for name, path in files.items() if path.is_file()})


def installed_packages() -> str:
    """Every installed distribution as `name==version`, sorted."""
    found = {f"{d.name}=={d.version}" for d in distributions()}
    return "\n".join(sorted(found, key=str.lower)) + "\n"


def _artifacts(prepared: StageRun) -> dict[str, Path]:
    """Outputs small enough to be looked at in the tracking server, under their own names."""
    root = prepared.workspace.root
    found = {}
    for artifact in prepared.stage.outputs:
        path = root / artifact.path
        files = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file())
        for file in files:
            if file.stat().st_size <= _LARGEST_ARTIFACT_BYTES:
                folder = "tables/" if isinstance(artifact, TableFile) else ""
                found[folder + file.relative_to(path.parent).as_posix()] = file
    return found


def _record_cells(prepared: StageRun) -> None:
    if not prepared.cells:
        return
    metrics = cell_metrics(prepared)
    for cell in prepared.cells:
        folder = prepared.store.path(cell)
        told = folder / "recorded"
        if told.exists():
            continue
        facts: dict[str, Any] = orjson.loads((folder / RECORD).read_bytes())
        finished = datetime.fromisoformat(facts["finished"])
        record = RunRecord(
            run=facts["run"],
            name=cell.key,
            parent=prepared.context.run,
            started=min(prepared.context.now, finished),
            finished=finished,
            status="FINISHED",
            params=flat(facts["spec"]),
            metrics=metrics.get(cell.key, {}),
            tags={
                "stage": prepared.stage.name,
                "cell": cell.key,
                "device": cell.device,
                "machine": facts["machine"],
            },
            datasets=tuple(
                DatasetUse(Path(path).name, path, digest, "input")
                for path, digest in prepared.digests.items()
            ),
        )
        records.post(prepared.workspace.outbox, record)
        told.touch()


def cell_metrics(prepared: StageRun) -> dict[str, dict[str, float]]:
    """Metrics by cell, from every output table that names cell, phase, metric, statistic and value.

    Rows of a part of a cell (`<cell key>.replay`) count for the cell. A cell with many options (predictions)
    gives none one by one: its table is an artifact.
    """
    found: dict[str, dict[str, float]] = {}
    for artifact in prepared.stage.outputs:
        if not isinstance(artifact, TableFile) or artifact.streamed:
            continue
        if not set(artifact.schema.to_schema().columns) >= _METRIC_COLUMNS:
            continue
        table = read_table(prepared.workspace.root / artifact.path).filter(pl.col("value").is_not_null())
        for cell in prepared.cells:
            own = (pl.col("cell") == cell.key) | pl.col("cell").str.starts_with(f"{cell.key}.")
            rows = table.filter(own)
            if rows["option"].n_unique() == 1:
                named = {f"{r['phase']}.{r['metric']}.{r['statistic']}": r["value"] for r in rows.to_dicts()}
                found.setdefault(cell.key, {}).update(named)
    return found


def flat(value: Any, prefix: str = "") -> dict[str, str]:
    """Nested settings as one level of dotted names, for a server that takes only text."""
    if isinstance(value, dict):
        merged: dict[str, str] = {}
        for key, inner in value.items():
            merged |= flat(inner, f"{prefix}.{key}" if prefix else str(key))
        return merged
    return {prefix or "value": value if isinstance(value, str) else orjson.dumps(value).decode()}
