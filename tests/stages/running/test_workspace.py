from __future__ import annotations

import multiprocessing as mp
import os
import signal
import time
from pathlib import Path

import pytest

from acceltrial.errors import BusyError, ConfigurationError
from stages.running.workspace import Workspace, find_workspace, held
from tests.stages.running.toy import toy_workspace


def _hold(root: Path) -> None:
    with held(Workspace(root)):
        time.sleep(60)


def test_a_second_evaluation_is_refused_until_the_first_is_gone_however_it_went(tmp_path: Path) -> None:
    workspace = toy_workspace(tmp_path)
    process = mp.get_context("spawn").Process(target=_hold, args=(tmp_path,))
    process.start()
    lock = workspace.state / "lock"
    while not (lock.is_file() and lock.read_text()):
        time.sleep(0.05)
    with pytest.raises(BusyError, match=str(process.pid)), held(workspace):
        pass
    os.kill(process.pid or 0, signal.SIGKILL)
    process.join()
    with held(workspace):
        assert lock.read_text() == str(os.getpid())


def test_the_workspace_is_found_from_any_folder_inside(tmp_path: Path) -> None:
    toy_workspace(tmp_path)
    deep = tmp_path / "data/portfolio"
    assert find_workspace(deep).root == tmp_path.resolve()
    with pytest.raises(ConfigurationError, match="init"):
        find_workspace(Path("/"))


def test_a_state_folder_that_cannot_be_written_is_one_clear_error(tmp_path: Path) -> None:
    from acceltrial.errors import StorageError

    workspace = toy_workspace(tmp_path)
    workspace.state.write_text("a file where the folder should be")
    with pytest.raises(StorageError), held(workspace):
        pass
