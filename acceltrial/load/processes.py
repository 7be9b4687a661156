"""The load processes: started together, told when to begin, and always ended."""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from acceltrial.errors import AcceltrialError
from acceltrial.load.job import Job

_GRACE_S = 5.0
_LEAD_NS = 20_000_000
"""Between the word to start and the start itself: enough for every process to be waiting."""


def child_environment() -> dict[str, str]:
    """The environment in which a child finds this very package."""
    root = str(Path(__file__).resolve().parents[2])
    path = os.environ.get("PYTHONPATH", "")
    return {**os.environ, "PYTHONPATH": f"{root}{os.pathsep}{path}" if path else root}


def end_process(process: subprocess.Popen[bytes]) -> None:
    """Ends a child that follows its standard input: by closing it, then by force."""
    if process.stdin is not None and not process.stdin.closed:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
    try:
        process.wait(_GRACE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()


class Fleet:
    """The load processes of one job, begun before the job is laid down: they load while it is rendered."""

    def __init__(
        self, job: Job, *, deadline_s: float = 0.0, progress: Callable[[str], None] = lambda _line: None
    ) -> None:
        self.job = job
        self.children: list[subprocess.Popen[bytes]] = []
        self._deadline_s, self._progress = deadline_s, progress
        self._begun = self._phase_begun = self._told = 0.0
        self._stopped = False

    def __enter__(self) -> Fleet:
        for shard in range(self.job.processes):
            with (Path(self.job.folder) / f"stderr-{shard}.txt").open("wb") as complaints:
                child = subprocess.Popen(
                    [sys.executable, "-m", "acceltrial.load.driver", self.job.folder, str(shard)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=complaints,
                    env=child_environment(),
                )
            self.children.append(child)
        return self

    def __exit__(self, *_: object) -> None:
        for child in self.children:
            end_process(child)

    def start(self) -> int:
        """Starts every process at one time, once all have warmed up; the job must have been laid down by now.

        Returns that time, ns of the monotonic clock.
        """
        self._begun = self._phase_begun = time.monotonic()
        for shard in range(self.job.processes):
            self._say(shard, b"read\n")
        for shard in range(self.job.processes):
            self._await_ready(shard)
        start_ns = time.monotonic_ns() + _LEAD_NS
        if not self._stopped:
            for shard in range(self.job.processes):
                self._say(shard, b"%d\n" % start_ns)
        return start_ns

    def wait(self) -> list[dict[str, Any]]:
        """What each process says about itself once all have ended; past the deadline they are stopped."""
        self._phase_begun, self._told = time.monotonic(), 0.0
        pause = 0.005
        while any(child.poll() is None for child in self.children):
            time.sleep(pause)
            pause = min(0.05, pause * 1.2)
            self._keep_time("load has run for")
        return [self._stats(shard) for shard in range(self.job.processes)]

    def _await_ready(self, shard: int) -> None:
        stdout = self.children[shard].stdout
        assert stdout is not None
        while not self._stopped and not select.select([stdout], [], [], 0.1)[0]:
            self._keep_time("getting ready and warming up for")
        if not self._stopped and stdout.readline().strip() != b"ready":
            raise self._fault(shard)

    def _keep_time(self, what: str) -> None:
        """Tells about once a second how long it has taken, and stops the processes past the deadline."""
        now = time.monotonic()
        if self._deadline_s and now - self._begun > self._deadline_s and not self._stopped:
            self._stopped = True
            for child in self.children:
                if child.stdin is not None:
                    child.stdin.close()
        elapsed = now - self._phase_begun
        if elapsed - self._told >= 1.0:
            self._told = elapsed
            self._progress(f"{what} {elapsed:.0f} s")

    def _say(self, shard: int, word: bytes) -> None:
        stdin = self.children[shard].stdin
        assert stdin is not None
        try:
            stdin.write(word)
            stdin.flush()
        except BrokenPipeError:
            self.children[shard].wait()
            raise self._fault(shard) from None

    def _stats(self, shard: int) -> dict[str, Any]:
        path = self.job.stats_path(shard)
        if self.children[shard].returncode != 0 or not path.exists():
            raise self._fault(shard)
        found: dict[str, Any] = json.loads(path.read_text())
        return found

    def _fault(self, shard: int) -> AcceltrialError:
        text = (Path(self.job.folder) / f"stderr-{shard}.txt").read_text(errors="replace").strip()
        return AcceltrialError(
            f"load process {shard} ended with code {self.children[shard].poll()}",
            where="load engine",
            remedy="see the last lines of its output in the details",
            details={"stderr": text[-2_000:]},
        )
