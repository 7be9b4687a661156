from __future__ import annotations

import logging
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from acceltrial.errors import AcceltrialError
from acceltrial.storage.tables import read_table
from stages.running import records
from stages.running.workspace import Workspace
from tests.conftest import CHECKOUT
from tests.stages.running.toy import DOUBLE, SUMS, SumGrid, sum_stage, toy_workspace

DVC_YAML = """
stages:
  double:
    cmd: "false"
    deps: [data/portfolio]
    params: [double]
    outs: [data/stages/double/numbers.parquet]
  sum:
    cmd: "false"
    deps: [data/stages/double/numbers.parquet]
    params: [sum]
    outs: [data/stages/sum/sums.parquet]
"""


@pytest.fixture
def grid() -> SumGrid:
    return SumGrid()


@pytest.fixture
def workspace(tmp_path: Path, grid: SumGrid, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    import flows.evaluate as module

    made = toy_workspace(tmp_path)
    (tmp_path / "dvc.yaml").write_text(DVC_YAML)
    stages: list[Any] = [DOUBLE, sum_stage(grid)]
    monkeypatch.setattr(module, "all_stages", lambda: stages)
    monkeypatch.setattr(module, "outcome_rows", lambda _w: [{"workload": "toy"}])
    monkeypatch.setattr(module, "outcome_text", lambda _w: "toy")
    return made


def _evaluate(workspace: Workspace, **options: Any) -> list[str]:
    from flows.evaluate import evaluate_flow

    return [outcome.state for outcome in evaluate_flow(str(workspace.root), **options)]


def test_the_flow_runs_all_stages_then_finds_nothing_to_do(
    workspace: Workspace, grid: SumGrid, caplog: pytest.LogCaptureFixture
) -> None:
    assert _evaluate(workspace) == ["ran", "ran"]
    assert sorted(grid.ran) == ["c0", "c1", "c2"]
    assert read_table(workspace.root / SUMS.path)["number"].to_list() == [12.0, 13.0, 14.0]
    with caplog.at_level(logging.INFO, logger="acceltrial.progress"):
        assert _evaluate(workspace) == ["unchanged", "unchanged"]
    assert "sum: nothing changed" in caplog.text
    assert len(grid.ran) == 3


def test_a_change_reruns_what_depends_on_it_and_forcing_keeps_finished_cells(
    workspace: Workspace, grid: SumGrid
) -> None:
    _evaluate(workspace)
    (workspace.root / "params.yaml").write_text("double: {}\nsum: {cells: 4}\n")
    assert _evaluate(workspace) == ["unchanged", "ran"]
    assert grid.ran[3:] == ["c3"]
    assert _evaluate(workspace, force=True) == ["ran", "ran"]
    assert len(grid.ran) == 4


def test_a_failed_cell_stops_the_stage_but_keeps_its_peers(workspace: Workspace, grid: SumGrid) -> None:
    grid.fail = "c1"
    with pytest.raises(AcceltrialError, match="c1") as caught:
        _evaluate(workspace)
    assert "only the failed cells are repeated" in caught.value.remedy
    assert not (workspace.root / SUMS.path).exists()
    ended = [records.load(folder) for folder in records.waiting(workspace.outbox)][-1]
    assert (ended.name.split()[0], ended.status) == ("evaluate", "FAILED")
    grid.fail = ""
    assert _evaluate(workspace) == ["unchanged", "ran"]
    assert grid.ran.count("c0") == grid.ran.count("c2") == 1


def test_the_devices_limit_exists_on_the_server(workspace: Workspace) -> None:
    from prefect import get_client

    from flows.evaluate import device_limit

    _evaluate(workspace)
    with get_client(sync_client=True) as client:
        assert client.read_global_concurrency_limit_by_name(device_limit("toy")).limit == 1


def test_artifacts_have_stable_keys(workspace: Workspace) -> None:
    from prefect import get_client

    _evaluate(workspace)
    with get_client(sync_client=True) as client:
        keys = {artifact.key for artifact in client.read_artifacts()}
    assert {"acceltrial-stages", "acceltrial-decisions", "acceltrial-summary", "acceltrial-report"} <= keys


def _start(root: Path, pause_s: float) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.flows.killable", str(root), str(pause_s)]
    return subprocess.Popen(command, cwd=CHECKOUT, stderr=subprocess.PIPE, text=True)


@pytest.mark.slow
def test_killed_in_the_middle_of_a_cell_the_next_run_goes_on_and_loses_nothing(workspace: Workspace) -> None:
    marks = workspace.root / "ran.txt"
    first = _start(workspace.root, 600)
    while not (marks.is_file() and "c1" in marks.read_text()):
        assert first.poll() is None, first.communicate()[1]
        time.sleep(0.2)
    busy = _start(workspace.root, 0)  # two evaluations at once: the second is refused, the first not harmed
    assert busy.wait(60) != 0
    assert "another evaluation works here" in busy.communicate()[1]
    first.kill()
    first.wait()
    assert not (workspace.root / SUMS.path).exists()
    second = _start(workspace.root, 0)
    assert second.wait(120) == 0, second.communicate()[1]
    assert marks.read_text().split() == ["c0", "c2", "c1", "c1"]
    assert read_table(workspace.root / SUMS.path)["number"].to_list() == [12.0, 13.0, 14.0]
