"""The one module that speaks to MLflow: it sends what waits in the outbox.

Records are written first and sent later, so an evaluation neither waits for the tracking server nor
loses a record when the server is down. Sending twice is harmless: a run is found again by its tag.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from acceltrial.errors import AcceltrialError
from stages.running import records
from stages.running.records import DatasetUse, RunRecord
from stages.running.workspace import Workspace

if TYPE_CHECKING:
    from mlflow import MlflowClient

EXPERIMENT = "acceltrial"
RUN_TAG = "acceltrial.run"


@dataclass(frozen=True, slots=True)
class Sent:
    """How many records the server took, how many wait, and why when some do."""

    taken: int
    waiting: int
    problem: str = ""


def send(workspace: Workspace) -> Sent:
    """Sends the outbox, oldest record first; stops at the first problem and keeps the rest for later."""
    pending = records.waiting(workspace.outbox)
    if not pending:
        return Sent(0, 0)
    try:
        session = _Session(workspace.tracking_uri)
    except Exception as error:  # the server may fail in any way: the records stay
        return Sent(0, len(pending), _brief(error))
    for index, folder in enumerate(pending):
        try:
            session.take(records.load(folder), folder / "artifacts")
        except Exception as error:
            return Sent(index, len(pending) - index, _brief(error))
        shutil.rmtree(folder)
    return Sent(len(pending), 0)


def find_runs(workspace: Workspace, digest: str) -> list[dict[str, str]]:
    """Runs that read or wrote the data set with this DVC digest: name, run, start, and how it was used."""
    session = _Session(workspace.tracking_uri)
    found = session.client.search_runs(
        [session.experiment], filter_string=f"dataset.digest = '{_plain(digest)}'", max_results=1000
    )
    return [
        {
            "name": run.info.run_name or "",
            "mlflow_run_id": run.info.run_id,
            "run": run.data.tags.get(RUN_TAG, ""),
            "used_as": ",".join(sorted(_uses(run, digest))),
        }
        for run in found
    ]


class _Session:
    """One connection; runs that were seen are remembered by our own identifier."""

    def __init__(self, uri: str) -> None:
        # MLflow would otherwise retry for minutes while a person waits for the report.
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "10")
        os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
        if uri.startswith("sqlite:///"):
            Path(uri.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
        import mlflow

        mlflow.set_tracking_uri(uri)
        self.client: MlflowClient = mlflow.MlflowClient(uri)
        self._ids: dict[str, str] = {}
        found = self.client.get_experiment_by_name(EXPERIMENT)
        self.experiment: str = found.experiment_id if found else self._create_experiment(uri)

    def _create_experiment(self, uri: str) -> str:
        artifacts = None
        if uri.startswith("sqlite:///"):
            artifacts = (Path(uri.removeprefix("sqlite:///")).parent / "mlartifacts").as_uri()
        created: str = self.client.create_experiment(EXPERIMENT, artifact_location=artifacts)
        return created

    def take(self, record: RunRecord, artifacts: Path) -> None:
        """Creates the run, or adds to it."""
        from mlflow.entities import Metric, Param, RunTag

        run_id = self._run_id(record)
        stamp = int((record.finished or record.started).timestamp() * 1000)
        metrics = [Metric(name, value, stamp, 0) for name, value in sorted(record.metrics.items())]
        params = [Param(name, value[:6000]) for name, value in sorted(record.params.items())]
        tags = [RunTag(name, value[:8000]) for name, value in sorted(record.tags.items())]
        for start in range(0, max(len(metrics), len(params), len(tags)), 90):
            part = slice(start, start + 90)
            self.client.log_batch(run_id, metrics=metrics[part], params=params[part], tags=tags[part])
        if record.datasets:
            self.client.log_inputs(run_id, datasets=[_dataset(use) for use in record.datasets])
        if any(artifacts.iterdir()):
            self.client.log_artifacts(run_id, str(artifacts))
        if record.finished:
            self.client.set_terminated(run_id, record.status, end_time=stamp)

    def _run_id(self, record: RunRecord) -> str:
        known = self._find(record.run)
        if known:
            return known
        tags = {RUN_TAG: record.run, "mlflow.runName": record.name}
        if record.parent:
            parent = self._find(record.parent)
            tags["acceltrial.parent"] = record.parent
            if parent:
                tags["mlflow.parentRunId"] = parent
        created = self.client.create_run(
            self.experiment,
            start_time=int(record.started.timestamp() * 1000),
            tags=tags,
            run_name=record.name,
        )
        self._ids[record.run] = created.info.run_id
        return self._ids[record.run]

    def _find(self, run: str) -> str | None:
        if run not in self._ids:
            found = self.client.search_runs(
                [self.experiment], filter_string=f"tags.`{RUN_TAG}` = '{_plain(run)}'", max_results=1
            )
            if not found:
                return None
            self._ids[run] = found[0].info.run_id
        return self._ids[run]


def _dataset(use: DatasetUse) -> Any:
    from mlflow.entities import Dataset, DatasetInput, InputTag

    source = f'{{"path": "{use.path}"}}'
    entity = Dataset(name=use.name, digest=use.digest, source_type="dvc", source=source)
    return DatasetInput(entity, tags=[InputTag("mlflow.data.context", use.context)])


def _uses(run: Any, digest: str) -> set[str]:
    return {
        tag.value
        for given in run.inputs.dataset_inputs
        if given.dataset.digest == digest
        for tag in given.tags
        if tag.key == "mlflow.data.context"
    }


def _plain(text: str) -> str:
    if not all(c.isalnum() or c in "-_." for c in text):
        raise AcceltrialError(f"{text!r} is no identifier", remedy="give the digest as DVC prints it")
    return text


def _brief(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
