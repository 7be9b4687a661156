"""Runs one stage: checks what goes in, runs or resumes, checks what comes out, swaps it in whole, records it.

`dvc repro` and the Prefect flow both use it: the first through `run_stage`, the second in three steps
(`prepare`, `run_cell` for each missing cell, `complete`), so that cells can be mapped tasks.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq
from pydantic import ValidationError

from acceltrial.errors import AcceltrialError, ConfigurationError, DataContractError, StorageError
from acceltrial.evidence.machine import describe_machine
from acceltrial.storage.atomic import replacing, storage_error
from acceltrial.storage.tables import write_table
from schemas.base import check_table
from stages.contract import Artifact, Cell, Context, Inputs, Outputs, PlainFile, Stage, StageParams, TableFile
from stages.running import lineage
from stages.running.cells import CellStore, replace_folder
from stages.running.code_state import code_state
from stages.running.digests import dvc_digest
from stages.running.workspace import Workspace, device_held

Progress = Callable[[str], None]


@dataclass(frozen=True)
class StageRun:
    """A stage that is about to run, or half through its cells."""

    stage: Stage[Any]
    workspace: Workspace
    params: StageParams
    inputs: Inputs
    context: Context
    digests: Mapping[str, str]
    """DVC digest of each input, by path."""
    parent: str | None
    cells: list[Cell] = field(default_factory=list)

    @property
    def store(self) -> CellStore:
        """Where this stage's finished cells lie."""
        version = self.stage.grid.cell_version if self.stage.grid else ""
        return CellStore(self.workspace.cells / self.stage.name, version, self.context.machine)

    def missing(self) -> list[Cell]:
        """Cells without a result that still holds.

        Those that only compute come first, so that they never run beside a measurement.
        """
        missing = [cell for cell in self.cells if self.store.finished(cell, self.context.now) is None]
        return sorted(missing, key=lambda cell: cell.device != "")


@dataclass(frozen=True, slots=True)
class StageResult:
    """What a finished stage leaves behind."""

    stage: str
    run: str
    outputs: tuple[str, ...]
    rows: dict[str, int]
    cells_run: int
    cells_kept: int
    valid_until: datetime | None


def new_run() -> str:
    """A fresh run identifier."""
    return secrets.token_hex(8)


def prepare(
    stage: Stage[Any],
    workspace: Workspace,
    *,
    now: datetime | None = None,
    run: str | None = None,
    parent: str | None = None,
    progress: Progress = lambda _line: None,
) -> StageRun:
    """Reads parameters, checks that inputs are there, and splits a grid into its cells.

    `now` and `run` are given to repeat an earlier run to the same bytes.
    """
    params = stage_params(stage, workspace)
    _require(stage.inputs, workspace)
    run = run or new_run()
    context = Context(
        root=workspace.root,
        scratch=workspace.state / "scratch" / run,
        cache=workspace.cache,
        now=now or datetime.now(UTC),
        run=run,
        machine=_machine_name(),
        progress=progress,
    )
    _fresh(context.scratch)
    context.cache.mkdir(parents=True, exist_ok=True)
    inputs = Inputs(workspace.root, stage.inputs)
    digests = {artifact.path: dvc_digest(workspace.root / artifact.path) for artifact in stage.inputs}
    prepared = StageRun(stage, workspace, params, inputs, context, digests, parent)
    if stage.grid is None:
        return prepared
    cells = stage.grid.split(inputs, params)
    if len({cell.key for cell in cells}) != len(cells):
        raise AcceltrialError("two cells share a key", where=f"stage {stage.name}", remedy="report this bug")
    return replace(prepared, cells=cells)


def run_cell(prepared: StageRun, cell: Cell) -> Path:
    """Runs one cell while holding its device, and keeps the result. Returns its folder."""
    grid = prepared.stage.grid
    assert grid is not None
    run = new_run()
    scratch = prepared.context.scratch / f"cell-{cell.key}"
    with device_held(cell.device) if cell.device else nullcontext():
        _fresh(scratch)
        prepared.context.progress(f"{prepared.stage.name}: {cell.key}")
        context = replace(prepared.context, scratch=scratch, run=run)
        grid.run_cell(cell, prepared.inputs, prepared.params, context)
    return prepared.store.keep(cell, scratch, run=run, finished=datetime.now(UTC))


def complete(prepared: StageRun, cells_run: int = 0) -> StageResult:
    """Runs the stage (or joins its cells), checks every output, puts them in place, and records the run."""
    stage, context, workspace = prepared.stage, prepared.context, prepared.workspace
    try:
        outputs = _compute(prepared)
        staged = context.scratch / "outputs"
        _stage_outputs(prepared, outputs, staged)
        target = workspace.root / _home(stage)
        target.parent.mkdir(parents=True, exist_ok=True)
        replace_folder(staged, target)
    except OSError as error:
        raise storage_error(error, workspace.root / _home(stage)) from error
    expiries = [e for cell in prepared.cells if (e := prepared.store.expiry(cell)) is not None]
    result = StageResult(
        stage=stage.name,
        run=context.run,
        outputs=tuple(artifact.path for artifact in stage.outputs),
        rows=_rows(stage, workspace.root),
        cells_run=cells_run,
        cells_kept=len(prepared.cells) - cells_run,
        valid_until=min(expiries, default=None),
    )
    lineage.record_stage(prepared, result)
    shutil.rmtree(context.scratch, ignore_errors=True)
    return result


def run_stage(stage: Stage[Any], workspace: Workspace, **options: Any) -> StageResult:
    """The whole stage in this process, cells in order. Options as for `prepare`."""
    prepared = prepare(stage, workspace, **options)
    missing = prepared.missing()
    for cell in missing:
        run_cell(prepared, cell)
    return complete(prepared, cells_run=len(missing))


def provenance(prepared: StageRun) -> dict[str, Any]:
    """What stands in every output's metadata: enough to find, and to repeat, the run that wrote it."""
    code = code_state()
    return {
        "stage": prepared.stage.name,
        "version": prepared.stage.version,
        "run": prepared.context.run,
        "inputs": dict(sorted(prepared.digests.items())),
        "params": prepared.params.model_dump(mode="json"),
        "git_commit": code.commit,
        "git_dirty": code.dirty,
        "machine": prepared.context.machine,
        "written": prepared.context.now.isoformat(),
    }


def _compute(prepared: StageRun) -> Outputs:
    stage = prepared.stage
    if stage.run is not None:
        return stage.run(prepared.inputs, prepared.params, prepared.context)
    assert stage.grid is not None
    results = {}
    for cell in prepared.cells:
        folder = prepared.store.finished(cell, prepared.context.now)
        if folder is None and (prepared.store.path(cell) / "cell.json").is_file():
            folder = prepared.store.path(cell)  # expired while the stage ran: still this run's evidence
        if folder is None:
            raise AcceltrialError(
                f"cell {cell.key} has no result", where=f"stage {stage.name}", remedy="run again"
            )
        results[cell.key] = folder
    return stage.grid.join(prepared.cells, results, prepared.inputs, prepared.params, prepared.context)


def _stage_outputs(prepared: StageRun, outputs: Outputs, folder: Path) -> None:
    """Writes all outputs into `folder`; nothing is in place yet when one of them breaks its schema."""
    stage = prepared.stage
    declared = {artifact.name: artifact for artifact in stage.outputs}
    if set(outputs) != set(declared):
        wrong = sorted(set(outputs) ^ set(declared))
        raise AcceltrialError(f"outputs differ from those declared: {wrong}", where=f"stage {stage.name}")
    folder.mkdir(parents=True)
    facts = provenance(prepared)
    for name, artifact in declared.items():
        _write_output(artifact, outputs[name], folder / Path(artifact.path).name, facts)


def _write_output(artifact: Artifact, value: Any, path: Path, facts: dict[str, Any]) -> None:
    if isinstance(artifact, TableFile) and isinstance(value, pl.DataFrame):
        write_table(path, check_table(artifact.schema, value, artifact.path), facts)
    elif isinstance(artifact, TableFile):
        _check_streamed(artifact, value)
        value.rename(path)
    elif isinstance(value, Path):
        value.rename(path)
    else:
        with replacing(path) as temporary:
            temporary.write_bytes(value.encode() if isinstance(value, str) else value)


def _check_streamed(artifact: TableFile, path: Path) -> None:
    reader = pq.ParquetFile(path)
    for group in range(reader.num_row_groups):
        frame = pl.DataFrame(reader.read_row_group(group))
        check_table(artifact.schema, frame, f"{artifact.path} (row group {group})")


def _rows(stage: Stage[Any], root: Path) -> dict[str, int]:
    return {
        artifact.name: pq.read_metadata(root / artifact.path).num_rows
        for artifact in stage.outputs
        if isinstance(artifact, TableFile)
    }


def _home(stage: Stage[Any]) -> str:
    """The folder that holds a stage's outputs, and nothing else."""
    homes = {str(Path(artifact.path).parent) for artifact in stage.outputs}
    if len(homes) != 1:
        raise AcceltrialError("a stage's outputs must lie in one folder", where=f"stage {stage.name}")
    return homes.pop()


def stage_params(stage: Stage[Any], workspace: Workspace) -> StageParams:
    """The stage's section of params.yaml, checked. Raises ConfigurationError."""
    try:
        params: StageParams = stage.params.model_validate(workspace.params(stage.name))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in (stage.name, *first["loc"]))
        raise ConfigurationError(
            f"{place}: {first['msg']} (got {first.get('input')!r})",
            where=str(workspace.root / "params.yaml"),
            remedy=f"see the parameters of the stage: acceltrial stages list --params {stage.name}",
            details={"errors": [{"key": e["loc"], "problem": e["msg"]} for e in error.errors()]},
        ) from error
    return params


def _require(artifacts: tuple[Artifact, ...], workspace: Workspace) -> None:
    for artifact in artifacts:
        path = workspace.root / artifact.path
        if not path.exists():
            written = isinstance(artifact, TableFile) or "data/stages" in artifact.path
            remedy = (
                "run the stage that writes it: `acceltrial evaluate`"
                if written
                else "restore it, or `acceltrial init`"
            )
            error = StorageError if written else DataContractError
            raise error("missing file", where=str(path), remedy=remedy)
        if isinstance(artifact, PlainFile) and path.is_dir() and not any(path.iterdir()):
            raise DataContractError(
                "the folder is empty", where=str(path), remedy="fill it, or `acceltrial init`"
            )


def _fresh(folder: Path) -> None:
    try:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    except OSError as error:
        raise storage_error(error, folder) from error


def _machine_name() -> str:
    facts = describe_machine()
    return f"{facts.get('cpu_model', 'unknown CPU')} × {facts.get('cores', '?')}"
