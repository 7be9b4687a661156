from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from acceltrial.errors import TargetUnavailableError
from acceltrial.targets.marks import read_marks
from acceltrial.targets.process import child, free_port, wait_until_ready

PARENT = """
import subprocess, sys, time
from pathlib import Path
from acceltrial.targets.process import child
code = (
    "import subprocess,sys,time; p=subprocess.Popen([sys.executable,'-c','import time; time.sleep(60)']);"
    "print(p.pid,flush=True); time.sleep(60)"
)
with child("x", [sys.executable, "-c", code], workdir=Path(sys.argv[1])) as c:
    while not c.log.read_text().strip():
        time.sleep(0.02)
    print(c.pid, c.supervisor.pid, c.log.read_text().strip(), flush=True)
    time.sleep(60)
"""


def gone(pid: int, within_s: float = 8.0) -> bool:
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize("killer", ["starter", "supervisor"])
def test_kill_9_leaves_no_process_behind(tmp_path: Path, checkout: Path, killer: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(checkout)}
    starter = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path)], stdout=subprocess.PIPE, env=environment, text=True
    )
    assert starter.stdout is not None
    server, supervisor, grandchild = (int(word) for word in starter.stdout.readline().split())
    os.kill(starter.pid if killer == "starter" else supervisor, signal.SIGKILL)
    assert gone(server)
    if killer == "starter":
        assert gone(supervisor)
        assert gone(grandchild)
    starter.kill()
    starter.wait()
    for pid in (grandchild,):
        if psutil.pid_exists(pid):
            os.kill(pid, signal.SIGKILL)


def test_the_child_ends_with_the_block_even_when_it_ignores_the_polite_signal(tmp_path: Path) -> None:
    ignore = "import signal,time; signal.signal(signal.SIGTERM, signal.SIG_IGN)"
    code = ignore + "; print('up', flush=True); time.sleep(60)"
    with child("stubborn", [sys.executable, "-c", code], workdir=tmp_path) as process:
        while "up" not in process.log.read_text():
            time.sleep(0.02)
        pid = process.pid
    assert gone(pid, 1.0)


def test_a_process_that_dies_while_starting_is_told_with_its_last_words(tmp_path: Path) -> None:
    with (
        child(
            "short", [sys.executable, "-c", "raise SystemExit('no such weights')"], workdir=tmp_path
        ) as process,
        pytest.raises(TargetUnavailableError, match="no such weights"),
    ):
        wait_until_ready(process, f"http://127.0.0.1:{free_port()}/health", 20)


def test_a_process_that_never_gets_ready_is_given_up(tmp_path: Path) -> None:
    with (
        child("slow", [sys.executable, "-c", "import time; time.sleep(60)"], workdir=tmp_path) as process,
        pytest.raises(TargetUnavailableError, match="not ready after"),
    ):
        wait_until_ready(process, f"http://127.0.0.1:{free_port()}/health", 0.3)


def test_a_command_that_does_not_exist_is_unavailable(tmp_path: Path) -> None:
    with (
        pytest.raises(TargetUnavailableError, match="could not be started"),
        child("ghost", ["/no/such/command"], workdir=tmp_path),
    ):
        raise AssertionError("nothing runs")


def test_a_half_written_mark_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "marks"
    path.write_text('{"mark": "imported", "t": 1.5}\n{"mark": "rea')
    assert read_marks(path) == {"imported": {"mark": "imported", "t": 1.5}}
