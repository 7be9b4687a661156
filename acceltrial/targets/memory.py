"""Memory of a process tree over time."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

import psutil


@dataclass
class MemorySampler:
    """Samples the resident memory of a process and its descendants until it is closed.

    Resident memory counts the mapped pages of a model file that were read, as an operator sees them.
    """

    pid: int
    interval_s: float = 0.25
    samples: list[tuple[float, float]] = field(default_factory=list)
    """(monotonic seconds, MB), oldest first."""

    def __post_init__(self) -> None:
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name=f"memory-{self.pid}")
        self._thread.start()

    def close(self) -> None:
        """Ends the sampling."""
        self._stop.set()
        self._thread.join(timeout=2)

    def peak_mb(self, since: float = 0.0) -> float | None:
        """Highest sample from monotonic time `since` on, after one more sample; None when there is none."""
        self._sample()
        return max((mb for at, mb in list(self.samples) if at >= since), default=None)

    def _run(self) -> None:
        while not self._stop.is_set():
            self._sample()
            self._stop.wait(self.interval_s)

    def _sample(self) -> None:
        total = tree_rss_mb(self.pid)
        if total is not None:
            self.samples.append((time.monotonic(), total))


def tree_rss_mb(pid: int) -> float | None:
    """Resident memory of the process and its descendants in MB (10⁶ bytes); None when it is gone."""
    try:
        root = psutil.Process(pid)
        family = [root, *root.children(recursive=True)]
    except psutil.Error:
        return None
    total = 0
    for member in family:
        try:
            total += member.memory_info().rss
        except psutil.Error:
            continue
    return total / 1e6 if total else None
