from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from stages.running.digests import dvc_digest
from stages.running.dvc_steps import Pipeline
from stages.running.runner import run_stage
from stages.running.workspace import Workspace
from tests.stages.running.toy import DOUBLE, NUMBERS, toy_workspace

DVC_YAML = """
stages:
  double:
    cmd: "false"
    deps: [data/portfolio]
    params: [double]
    outs: [data/stages/double/numbers.parquet]
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    made = toy_workspace(tmp_path)
    (tmp_path / "dvc.yaml").write_text(DVC_YAML)
    return made


def test_a_recorded_stage_is_up_to_date_until_something_changes(workspace: Workspace) -> None:
    pipeline = Pipeline(workspace.root)
    assert not pipeline.up_to_date("double")
    run_stage(DOUBLE, workspace)
    pipeline.record("double")
    assert pipeline.up_to_date("double")
    (workspace.root / "params.yaml").write_text("double: {factor: 3}\nsum: {}\n")
    assert not pipeline.up_to_date("double")


def test_outputs_that_were_lost_or_belong_to_earlier_parameters_come_back_from_the_cache(
    workspace: Workspace,
) -> None:
    pipeline = Pipeline(workspace.root)
    run_stage(DOUBLE, workspace)
    pipeline.record("double")
    first = (workspace.root / NUMBERS.path).read_bytes()
    (workspace.root / NUMBERS.path).unlink()
    assert pipeline.up_to_date("double")
    assert (workspace.root / NUMBERS.path).read_bytes() == first
    (workspace.root / "params.yaml").write_text("double: {factor: 3}\nsum: {}\n")
    run_stage(DOUBLE, workspace)
    pipeline.record("double")
    (workspace.root / "params.yaml").write_text("double: {}\nsum: {}\n")
    assert pipeline.up_to_date("double")
    assert (workspace.root / NUMBERS.path).read_bytes() == first


def test_dvc_itself_agrees_and_our_digests_are_dvcs(workspace: Workspace) -> None:
    run_stage(DOUBLE, workspace)
    Pipeline(workspace.root).record("double")
    lock = yaml.safe_load((workspace.root / "dvc.lock").read_text())["stages"]["double"]
    assert lock["outs"][0]["md5"] == dvc_digest(workspace.root / NUMBERS.path)
    assert lock["deps"][0]["md5"] == dvc_digest(workspace.root / "data/portfolio")
    # `cmd` is `false`, so `dvc repro` can only succeed by finding nothing to do.
    done = subprocess.run(
        [Path(sys.executable).parent / "dvc", "repro"], cwd=workspace.root, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "didn't change" in done.stdout + done.stderr


def test_a_workspace_inside_another_repository_keeps_a_record_of_its_own(workspace: Workspace) -> None:
    Pipeline(workspace.root)
    (workspace.root / ".dvcignore").write_text("workspaces\n")
    inner = toy_workspace(workspace.root / "workspaces" / "inner")
    (inner.root / "dvc.yaml").write_text(DVC_YAML)
    run_stage(DOUBLE, inner)
    Pipeline(inner.root).record("double")
    assert (inner.root / "dvc.lock").is_file()
    assert not (workspace.root / "dvc.lock").exists()
