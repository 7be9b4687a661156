from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from stages.running import code_state as module


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@t"]
    subprocess.run([*git, "init", "-q"], cwd=tmp_path, check=True)
    for name in ("code.py", "dvc.lock"):
        (tmp_path / name).write_text("1")
    subprocess.run([*git, "add", "."], cwd=tmp_path, check=True)
    subprocess.run([*git, "commit", "-qm", "x"], cwd=tmp_path, check=True)
    monkeypatch.setattr(module, "CHECKOUT", tmp_path)
    module.code_state.cache_clear()
    return tmp_path


@pytest.fixture(autouse=True)
def forget() -> object:
    yield
    module.code_state.cache_clear()


def test_altered_code_is_dirty(repository: Path) -> None:
    (repository / "code.py").write_text("2")
    state = module.code_state()
    assert len(state.commit) == 40
    assert state.dirty


def test_the_record_of_runs_does_not_count_as_code(repository: Path) -> None:
    (repository / "dvc.lock").write_text("2")
    (repository / "untracked").write_text("2")
    assert not module.code_state().dirty


def test_outside_git_the_commit_is_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CHECKOUT", Path("/"))
    module.code_state.cache_clear()
    assert module.code_state().commit == ""
