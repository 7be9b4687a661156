from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from acceltrial.errors import ConfigurationError, DataContractError
from flows.workspaces import fresh_workspace, workspace_for_trace
from stages.running.workspace import CHECKOUT, Workspace, find_workspace


@pytest.fixture
def base(tmp_path: Path) -> Workspace:
    for name in ("portfolio", "catalogue"):
        (tmp_path / "base/data" / name).mkdir(parents=True)
        (tmp_path / "base/data" / name / "file").write_text(name)
    (tmp_path / "base/params.yaml").write_text("collect: {max_requests_per_trace: 5}\nscore:\n")
    return Workspace(tmp_path / "base")


def test_a_trace_gets_a_workspace_of_its_own_and_the_same_one_again(base: Workspace, tmp_path: Path) -> None:
    trace = tmp_path / "my trace <b>.csv.gz"
    trace.write_bytes(b"1")
    made = workspace_for_trace(base, trace)
    assert made.root.parent == base.root / "workspaces"
    assert "<" not in made.root.name
    params = yaml.safe_load((made.root / "params.yaml").read_text())
    assert params["collect"] == {
        "max_requests_per_trace": 5,
        "trace_override": {"path": str(trace), "format": "auto"},
    }
    assert (made.root / "data/portfolio/file").read_text() == "portfolio"
    assert find_workspace(made.root / "data") == made
    assert workspace_for_trace(base, trace) == made
    trace.write_bytes(b"2")
    assert workspace_for_trace(base, trace) != made
    assert yaml.safe_load((base.root / "params.yaml").read_text())["collect"] == {"max_requests_per_trace": 5}


def test_a_missing_trace_leaves_nothing_behind(base: Workspace) -> None:
    with pytest.raises(DataContractError, match="TRACE="):
        workspace_for_trace(base, Path("/nowhere/trace.csv"))
    assert not (base.root / "workspaces").exists()


def test_a_fresh_workspace_holds_what_an_evaluation_needs(tmp_path: Path) -> None:
    files = fresh_workspace(tmp_path / "mine")
    workspace = find_workspace(tmp_path / "mine")
    assert {"workloads.yaml", "targets.yaml", "params.yaml"} <= {file.name for file in files}
    assert workspace.params("collect") is not None
    assert (workspace.root / "data/catalogue/accelerators.csv").is_file()
    dvc = yaml.safe_load((workspace.root / "dvc.yaml").read_text())
    code = [dep for dep in dvc["stages"]["collect"]["deps"] if dep.endswith("collect/stage.py")]
    assert (workspace.root / code[0]).resolve() == CHECKOUT / "stages/collect/stage.py"


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("1")
    with pytest.raises(ConfigurationError, match="not empty"):
        fresh_workspace(tmp_path)
    with pytest.raises(ConfigurationError, match="not empty"):
        fresh_workspace(tmp_path / "kept")
    assert [p.name for p in tmp_path.iterdir()] == ["kept"]
