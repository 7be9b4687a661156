from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from acceltrial.errors import AcceltrialError
from stages.running import records
from stages.running.digests import dvc_digest
from stages.running.records import RunRecord
from stages.running.runner import run_stage
from stages.running.tracking import find_runs, send
from stages.running.workspace import Workspace
from tests.stages.running.toy import DOUBLE, NUMBERS, SumGrid, sum_stage, toy_workspace

START = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return toy_workspace(tmp_path)


def test_runs_nest_and_are_found_by_the_digest_of_their_data(workspace: Workspace) -> None:
    parent = RunRecord("parent1", "evaluate", None, START, None, "RUNNING")
    records.post(workspace.outbox, parent)
    run_stage(DOUBLE, workspace, parent="parent1")
    run_stage(sum_stage(SumGrid()), workspace, parent="parent1")
    records.post(workspace.outbox, RunRecord("parent1", "evaluate", None, START, START, "FINISHED"))
    sent = send(workspace)
    assert (sent.waiting, sent.problem) == (0, "")
    assert sent.taken == 2 + 2 + 3  # the parent twice, two stages, three cells
    used = find_runs(workspace, dvc_digest(workspace.root / NUMBERS.path))
    assert sorted((u["name"], u["used_as"]) for u in used) == [
        ("c0", "input"), ("c1", "input"), ("c2", "input"), ("double", "output"), ("sum", "input"),
    ]  # fmt: skip

    import mlflow

    client = mlflow.MlflowClient(workspace.tracking_uri)
    runs = client.search_runs([client.get_experiment_by_name("acceltrial").experiment_id])
    by_name = {run.info.run_name: run for run in runs}
    assert by_name["sum"].data.tags["mlflow.parentRunId"] == by_name["evaluate"].info.run_id
    assert by_name["c0"].data.tags["mlflow.parentRunId"] == by_name["sum"].info.run_id
    assert by_name["evaluate"].info.status == "FINISHED"
    assert by_name["double"].data.params["double.factor"] == "2.0"
    assert by_name["double"].data.metrics["rows.numbers"] == 3
    assert [f.path for f in client.list_artifacts(by_name["double"].info.run_id, "tables")] == [
        "tables/numbers.parquet"
    ]


def test_a_record_sent_twice_makes_one_run(workspace: Workspace) -> None:
    record = RunRecord("r1", "x", None, START, START, "FINISHED", metrics={"a_ms": 1.0})
    records.post(workspace.outbox, record)
    send(workspace)
    records.post(workspace.outbox, record)  # as after a kill between sending and forgetting
    assert send(workspace).taken == 1
    import mlflow

    client = mlflow.MlflowClient(workspace.tracking_uri)
    assert len(client.search_runs([client.get_experiment_by_name("acceltrial").experiment_id])) == 1


def test_records_wait_while_the_tracking_server_is_down(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")  # the discard port: nothing listens
    run_stage(DOUBLE, workspace)
    sent = send(workspace)
    assert (sent.taken, sent.waiting) == (0, 1)
    assert sent.problem
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    assert send(workspace).taken == 1
    assert records.waiting(workspace.outbox) == []


def test_a_digest_that_is_no_identifier_never_reaches_the_query(workspace: Workspace) -> None:
    with pytest.raises(AcceltrialError, match="identifier"):
        find_runs(workspace, "x' OR 1=1")
