"""Memory of a process tree: resident, and proportional where the kernel tells it."""

from __future__ import annotations

from pathlib import Path

import psutil

PROC = Path("/proc")


class ProcessMemory:
    """Resident (`rss_mb`) and proportional (`pss_mb`) memory of a process and its descendants, in 10⁶ bytes.

    PSS counts a page that n processes share as 1/n of a page in each: only PSS may be added up over
    processes that share a model file. It is read at every fourth reading: the kernel walks all pages for it.
    """

    def __init__(self, pid: int, source: str = "server", pss_every: int = 4) -> None:
        self.source = source
        self._pid = pid
        self._every = pss_every
        self._count = 0

    def read(self) -> dict[str, float]:
        """The memory of this moment; nothing once the process is gone."""
        try:
            root = psutil.Process(self._pid)
            family = [root, *root.children(recursive=True)]
        except psutil.Error:
            return {}
        found = {"rss_mb": sum(_rss(member) for member in family) / 1e6}
        if self._count % self._every == 0:
            shares = [_pss_bytes(member.pid) for member in family]
            if all(share is not None for share in shares):
                found["pss_mb"] = sum(share or 0 for share in shares) / 1e6
        self._count += 1
        return found if found["rss_mb"] else {}

    def close(self) -> None:
        """Nothing is held."""


def _rss(member: psutil.Process) -> int:
    try:
        return int(member.memory_info().rss)
    except psutil.Error:
        return 0


def _pss_bytes(pid: int) -> int | None:
    try:
        text = (PROC / str(pid) / "smaps_rollup").read_text()
    except OSError:
        return None
    line = next((line for line in text.splitlines() if line.startswith("Pss:")), "")
    words = line.split()
    return int(words[1]) * 1024 if len(words) > 1 and words[1].isdigit() else None
