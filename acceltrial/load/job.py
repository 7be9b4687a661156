"""What the parent hands to a load process: a folder with settings, times and rendered requests."""

from __future__ import annotations

import json
import os
from array import array
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

SETTINGS, REQUESTS, OFFSETS, INTENDED, AFTER, THINK = (
    "job.json", "requests.bin", "offsets.i64", "intended.f64", "after.i64", "think.f64",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Job:
    """Settings of one load run, shared by all its processes.

    Attributes:
        addresses: resolved (family, host, port) to try in order.
        server_name: the name for TLS and its certificate; empty for plain HTTP.
        warm_up: the first so many requests are sent ahead of the schedule, on `warm_up_streams`.
        concurrency: streams of a closed loop; 0 for an open loop on the schedule's own times.
        stop_after_s: launch nothing later than this after the start; 0 for no limit.
        max_connections: requests beyond it wait, and the wait counts as lag.
    """

    folder: str
    addresses: list[tuple[int, str, int]]
    server_name: str
    ca_file: str
    verify_tls: bool
    requests: int
    warm_up: int
    warm_up_streams: int
    concurrency: int
    timeout_s: float
    stop_after_s: float
    max_connections: int
    max_response_bytes: int
    keep_alive: bool
    processes: int

    def spill_path(self, shard: int) -> Path:
        """The raw records of one process."""
        return Path(self.folder) / f"raw-{shard}.bin"

    def stats_path(self, shard: int) -> Path:
        """What one process says about itself at its end."""
        return Path(self.folder) / f"stats-{shard}.json"


def write_job(
    job: Job,
    requests: Iterable[bytes],
    intended_s: array[float],
    after: array[int] | None = None,
    think_s: array[float] | None = None,
) -> None:
    """Lays the job down in its folder; `requests` are whole HTTP requests, warm-up first."""
    folder = Path(job.folder)
    offsets = array("q", [0])
    with (folder / REQUESTS).open("wb") as file:
        for request in requests:
            file.write(request)
            offsets.append(offsets[-1] + len(request))
    (folder / OFFSETS).write_bytes(offsets.tobytes())
    (folder / INTENDED).write_bytes(intended_s.tobytes())
    if after is not None:
        (folder / AFTER).write_bytes(after.tobytes())
    if think_s is not None:
        (folder / THINK).write_bytes(think_s.tobytes())
    (folder / SETTINGS).write_text(json.dumps(asdict(job)))


def read_job(folder: Path) -> Job:
    """The settings that `write_job` laid down."""
    return Job(**json.loads((folder / SETTINGS).read_text()))


class RequestStore:
    """The rendered requests, read one at a time so that they do not fill the process's memory."""

    def __init__(self, folder: Path) -> None:
        self._fd = os.open(folder / REQUESTS, os.O_RDONLY)
        self._offsets = read_array(folder / OFFSETS, "q")

    def read(self, index: int) -> bytes:
        """The whole HTTP request of one index."""
        start = self._offsets[index]
        return os.pread(self._fd, self._offsets[index + 1] - start, start)

    def close(self) -> None:
        """Gives the descriptor back."""
        os.close(self._fd)


def read_array(path: Path, code: str) -> array[int]:
    """A flat array from a file; empty where there is none."""
    values: array[int] = array(code)
    if path.exists():
        values.frombytes(path.read_bytes())
    return values
