"""What runs on each machine: our load process on its shard of the schedule, and its records handed back."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from acceltrial.errors import AcceltrialError
from acceltrial.load.job import SETTINGS, read_job
from acceltrial.load.processes import child_environment, end_process
from acceltrial.load.scale_out.clocks import Stamps


@dataclass(frozen=True)
class Collected:
    """What a worker hands back.

    Attributes:
        spill: the raw records that were written, on the worker's clock.
        stats: what the load process says of itself; None when it did not come to its end.
        problem: why it did not.
    """

    spill: bytes
    stats: dict[str, Any] | None
    problem: str = ""


class ShardWorker:
    """One worker. It knows no transport: Ray calls it as an actor, a test calls it directly."""

    def __init__(self) -> None:
        self._home = tempfile.TemporaryDirectory(prefix="acceltrial-shard-")
        self._child: subprocess.Popen[bytes] | None = None
        self._shard = 0

    def about(self) -> dict[str, Any]:
        """Where it runs."""
        return {"host": platform.node(), "cpus": os.cpu_count(), "python": platform.python_version()}

    def stamps(self) -> Stamps:
        """Our clock, twice: for measuring the offset."""
        now_ns = time.monotonic_ns()
        return Stamps(now_ns, time.monotonic_ns())

    def prepare(self, files: dict[str, bytes], shard: int) -> None:
        """Lays the shard down and waits until its load process has warmed up. Raises AcceltrialError."""
        folder = Path(self._home.name)
        for name, content in files.items():
            (folder / name).write_bytes(content)
        settings = json.loads(files[SETTINGS]) | {"folder": str(folder)}
        (folder / SETTINGS).write_text(json.dumps(settings))
        self._shard = shard
        with (folder / "stderr.txt").open("wb") as complaints:
            self._child = subprocess.Popen(
                [sys.executable, "-m", "acceltrial.load.driver", str(folder), str(shard)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=complaints,
                env=child_environment(),
            )
        self._say(b"read\n")
        assert self._child.stdout is not None
        if self._child.stdout.readline().strip() != b"ready":
            raise AcceltrialError(
                "the load process did not come up", where=f"shard {shard}", remedy=self._told()
            )

    def start(self, start_ns: int) -> None:
        """Starts the schedule at this time of this machine's clock."""
        self._say(b"%d\n" % start_ns)

    def collect(self, deadline_s: float) -> Collected:
        """The records once the load process has ended; past `deadline_s` (0: none) it is stopped."""
        assert self._child is not None
        until = time.monotonic() + deadline_s if deadline_s else float("inf")
        while self._child.poll() is None:
            if time.monotonic() > until:
                end_process(self._child)
            time.sleep(0.01)
        job = replace(read_job(Path(self._home.name)), folder=self._home.name)
        spill, stats = job.spill_path(self._shard), job.stats_path(self._shard)
        told = json.loads(stats.read_text()) if self._child.returncode == 0 and stats.exists() else None
        problem = "" if told else f"its load process ended with code {self._child.returncode}: {self._told()}"
        return Collected(spill.read_bytes() if spill.exists() else b"", told, problem)

    def close(self) -> None:
        """Ends the load process and removes the shard."""
        if self._child is not None:
            end_process(self._child)
        self._home.cleanup()

    def _say(self, word: bytes) -> None:
        assert self._child is not None
        assert self._child.stdin is not None
        try:
            self._child.stdin.write(word)
            self._child.stdin.flush()
        except BrokenPipeError as error:
            raise AcceltrialError(
                "the load process has ended too early", where=f"shard {self._shard}", remedy=self._told()
            ) from error

    def _told(self) -> str:
        path = Path(self._home.name) / "stderr.txt"
        lines = path.read_text(errors="replace").strip().splitlines() if path.exists() else []
        return lines[-1][:300] if lines else "it said nothing"
