"""One command from the outside: when it started, what it cost, how much memory its processes took."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

_PERIOD_S = 0.2
_SHARED_PERIOD_S = 2.0


class RunFailed(Exception):  # noqa: N818 - a fact for the table
    """The command ended with an error, or not in time."""


@dataclass(frozen=True)
class Watched:
    """What a command cost, all its processes together.

    Attributes:
        started_ns: the monotonic clock when it was started.
        cpu_s: of the command and of every descendant that it waited for.
        peak_rss_mb: resident memory summed over processes; pages that they share count in each.
        peak_pss_mb: the same with shared pages divided among their users, read less often.
    """

    started_ns: int
    wall_s: float
    cpu_s: float
    peak_rss_mb: float
    peak_pss_mb: float


def watch(
    command: Sequence[str],
    environment: dict[str, str],
    log: Path,
    *,
    limit_s: float,
    before: Callable[[], object] | None = None,
) -> Watched:
    """Runs the command to its end. Raises RunFailed with the last line that it wrote."""
    with log.open("wb") as output:
        started_ns = time.monotonic_ns()
        process = subprocess.Popen(
            command,
            env=os.environ | environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            preexec_fn=before,  # noqa: PLW1509 - no thread runs yet when the child is made
            start_new_session=True,
        )
        memory = _Memory(process.pid)
        memory.start()
        timer = threading.Timer(limit_s, _end_tree, [process.pid])
        timer.start()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        wall_s = (time.monotonic_ns() - started_ns) / 1e9
        timer.cancel()
        memory.stop()
    if process.returncode:
        lines = log.read_text(errors="replace").strip().splitlines() or ["nothing was written"]
        reason = f"no end within {limit_s:g} s" if wall_s >= limit_s else lines[-1][:200]
        raise RunFailed(f"exit code {process.returncode}: {reason}")
    cpu_s = usage.ru_utime + usage.ru_stime
    return Watched(started_ns, wall_s, cpu_s, memory.rss_mb, memory.pss_mb)


class _Memory(threading.Thread):
    """Reads the memory of a process and its descendants from time to time."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid = pid
        self.over = threading.Event()
        self.rss_mb = self.pss_mb = 0.0

    def run(self) -> None:
        # The reading must not take the core from what it watches.
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 15)
        shared_due = time.monotonic()
        while not self.over.wait(_PERIOD_S):
            pids = _tree(self.pid)
            self.rss_mb = max(self.rss_mb, sum(_rss_mb(pid) for pid in pids))
            if time.monotonic() >= shared_due:
                shared_due = time.monotonic() + _SHARED_PERIOD_S
                self.pss_mb = max(self.pss_mb, sum(_pss_mb(pid) for pid in pids))

    def stop(self) -> None:
        self.over.set()
        self.join()


def _tree(pid: int) -> list[int]:
    try:
        return [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]
    except psutil.NoSuchProcess:
        return []


def _rss_mb(pid: int) -> float:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
    except (OSError, IndexError):
        return 0.0


def _pss_mb(pid: int) -> float:
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in text.splitlines() if line.startswith("Pss:")), 0.0)


def _end_tree(pid: int) -> None:
    for one in reversed(_tree(pid)):
        try:
            psutil.Process(one).kill()
        except psutil.NoSuchProcess:
            continue
