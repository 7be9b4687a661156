"""HAProxy and Envoy as child processes: found on this machine, started, asked, and always ended."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from acceltrial.errors import TargetUnavailableError

START_S, GRACE_S = 10.0, 5.0
_PROGRAMS = "/usr/local/sbin:/usr/sbin:/usr/local/bin:/usr/bin"


def haproxy_program() -> str | None:
    """HAProxy's path, None where it is not installed."""
    return shutil.which("haproxy", path=_PROGRAMS)


def envoy_program() -> str | None:
    """Envoy's path (beside this Python, or installed), None where there is none."""
    beside = Path(sys.executable).with_name("envoy")
    return str(beside) if beside.is_file() else shutil.which("envoy")


def installed(program: str | None, name: str, remedy: str) -> str:
    """The program's path. Raises TargetUnavailableError with the remedy where there is none."""
    if program is None:
        raise TargetUnavailableError(f"{name} is not installed", where="PATH", remedy=remedy)
    return program


@contextmanager
def serving(
    command: Sequence[str], log: Path, ready: Callable[[], bool], *, otherwise: str
) -> Iterator[subprocess.Popen[bytes]]:
    """The proxy that `command` starts, from when it is `ready` to the end of the block.

    Args:
        command: the program and its arguments.
        log: the file that takes all it writes, emptied first.
        ready: whether it serves by now; asked anew for ten seconds.
        otherwise: what to tell where it never does.

    Raises:
        TargetUnavailableError: it ended or was not ready in time; the end of its log is in the details.
    """
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
    with ended(process):
        _await(process, log, ready, otherwise)
        yield process


@contextmanager
def ended(process: subprocess.Popen[bytes], grace_s: float = GRACE_S) -> Iterator[None]:
    """Ends the process with the block: asks it to, and kills it where it has not gone after `grace_s`."""
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(grace_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def haproxy_command(socket_path: str, text: str, *, timeout_s: float) -> str:
    """The answer to one command at HAProxy's runtime socket. Raises OSError where nothing answers."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(timeout_s)
        connection.connect(socket_path)
        connection.sendall(text.encode() + b"\n")
        parts = []
        while part := connection.recv(65_536):
            parts.append(part)
    return b"".join(parts).decode(errors="replace").strip()


def _await(process: subprocess.Popen[bytes], log: Path, ready: Callable[[], bool], otherwise: str) -> None:
    give_up = time.monotonic() + START_S
    while time.monotonic() < give_up and process.poll() is None:
        if ready():
            return
        time.sleep(0.05)
    raise TargetUnavailableError(
        otherwise,
        where=str(log),
        remedy="see the end of its log",
        details={"log": log.read_text(errors="replace")[-2_000:]},
    )
