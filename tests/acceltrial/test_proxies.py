"""Children that come up, that do not, and that do not want to go."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from acceltrial import proxies
from acceltrial.errors import TargetUnavailableError

STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("up", flush=True)
time.sleep(60)
"""


def python(program: str) -> list[str]:
    return [sys.executable, "-S", "-c", program]


def test_a_proxy_serves_once_it_says_so_and_ends_with_the_block(tmp_path: Path) -> None:
    log = tmp_path / "log"
    command = python("import time; print('up', flush=True); time.sleep(60)")
    with proxies.serving(command, log, lambda: "up" in log.read_text(), otherwise="no") as process:
        assert process.poll() is None
    assert process.returncode == -15


def test_one_that_dies_at_once_is_told_with_its_log(tmp_path: Path) -> None:
    with (
        pytest.raises(TargetUnavailableError, match="the proxy did not come up") as error,
        proxies.serving(
            python("raise SystemExit('no such port')"),
            tmp_path / "log",
            lambda: False,
            otherwise="the proxy did not come up",
        ),
    ):
        pass
    assert "no such port" in error.value.details["log"]


def test_one_that_does_not_want_to_go_is_killed() -> None:
    process = subprocess.Popen(python(STUBBORN), stdout=subprocess.PIPE)
    assert process.stdout is not None
    with process.stdout, proxies.ended(process, grace_s=0.2):
        assert process.stdout.readline() == b"up\n"
    assert process.returncode == -9


def test_what_is_not_installed_is_told_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    assert proxies.haproxy_program() is None
    with pytest.raises(TargetUnavailableError, match="HAProxy is not installed") as error:
        proxies.installed(proxies.haproxy_program(), "HAProxy", "apt-get install haproxy")
    assert error.value.remedy == "apt-get install haproxy"


def test_a_command_is_answered_until_the_socket_closes(tmp_path: Path) -> None:
    place = tmp_path / "admin.sock"
    with pytest.raises(OSError, match="No such file"):
        proxies.haproxy_command(str(place), "show stat", timeout_s=1)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(place))
        listener.listen()

        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.sendall(connection.recv(100) + b"second line\n")

        threading.Thread(target=answer, daemon=True).start()
        assert proxies.haproxy_command(str(place), "show stat", timeout_s=5) == "show stat\nsecond line"
