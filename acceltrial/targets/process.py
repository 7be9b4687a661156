"""A server as a child process: started in its own group, watched, and always ended."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from acceltrial.errors import TargetUnavailableError
from acceltrial.targets import supervise
from acceltrial.targets.http import get
from acceltrial.targets.marks import MARKS_VARIABLE, read_marks

LOOPBACK = "127.0.0.1"
OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "DO_NOT_TRACK": "1",
    "TOKENIZERS_PARALLELISM": "false",
}


@dataclass(frozen=True, slots=True)
class Child:
    """A running child process. `pid` is the server itself, not its supervisor."""

    name: str
    pid: int
    spawned: float
    log: Path
    marks: Path
    supervisor: subprocess.Popen[bytes]

    def ended(self) -> bool:
        """Whether the server process has ended."""
        return self.supervisor.poll() is not None

    def log_tail(self, lines: int = 12) -> str:
        """The last lines that it wrote, for an error's details."""
        text = self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""
        return "\n".join(text.splitlines()[-lines:])[-3000:]


@contextmanager
def child(
    name: str, argv: Sequence[str], *, workdir: Path, environment: Mapping[str, str] | None = None
) -> Iterator[Child]:
    """Runs `argv` for the length of the block, its output in `workdir/NAME.log`.

    The whole process group is ended at the end of the block, and also when this process is killed.

    Raises:
        TargetUnavailableError: the command cannot be started.
    """
    workdir.mkdir(parents=True, exist_ok=True)
    log, marks = workdir / f"{name}.log", workdir / f"{name}.marks.jsonl"
    marks.unlink(missing_ok=True)
    variables = {**os.environ, **OFFLINE, **(environment or {}), MARKS_VARIABLE: str(marks.resolve())}
    command = [sys.executable, "-I", "-S", supervise.__file__, str(marks.resolve()), *argv]
    with log.open("wb") as output:
        supervisor = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=variables,
            start_new_session=True,
        )
    try:
        yield _started(name, supervisor, log, marks)
    finally:
        _end(supervisor)


def wait_until_ready(process: Child, url: str, timeout_s: float) -> float:
    """The monotonic time at which `url` first answered 200.

    Raises:
        TargetUnavailableError: the process ended, or the time ran out; the log's tail is in the details.
    """
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        answer = get(url, connect_s=1.0, total_s=min(5.0, timeout_s))
        if answer.status == 200:
            return time.monotonic()
        if process.ended():
            raise _failure(
                process, f"{process.name} ended with status {process.supervisor.returncode} while starting"
            )
        time.sleep(0.03)
    raise _failure(process, f"{process.name} was not ready after {timeout_s:.0f} s")


def free_port() -> int:
    """A loopback port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def _started(name: str, supervisor: subprocess.Popen[bytes], log: Path, marks: Path) -> Child:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        found = read_marks(marks).get("spawned")
        if found:
            return Child(name, int(found["pid"]), float(found["t"]), log, marks, supervisor)
        if supervisor.poll() is not None:
            break
        time.sleep(0.005)
    text = log.read_text(encoding="utf-8", errors="replace")[-2000:]
    raise TargetUnavailableError(
        f"{name} could not be started",
        where=str(log),
        remedy="read the log named above",
        details={"log_tail": text},
    )


def _failure(process: Child, what: str) -> TargetUnavailableError:
    tail = process.log_tail()
    last = tail.splitlines()[-1].strip()[:200] if tail else "it wrote nothing"
    return TargetUnavailableError(
        f"{what}: {last}", where=process.name, remedy=f"read {process.log}", details={"log_tail": tail}
    )


def _end(supervisor: subprocess.Popen[bytes]) -> None:
    if supervisor.stdin:
        with contextlib.suppress(OSError):
            supervisor.stdin.close()
    with contextlib.suppress(subprocess.TimeoutExpired):
        supervisor.wait(supervise.GRACE_S + 2)
    # The group may outlive its supervisor: its id stays taken as long as a member lives.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(supervisor.pid, signal.SIGKILL)
    supervisor.wait()
