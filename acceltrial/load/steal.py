"""Time that the host of a virtual machine gave to somebody else."""

from __future__ import annotations

import os
from pathlib import Path

_STEAL_COLUMN = 8


def stolen_s(stat: Path = Path("/proc/stat")) -> float | None:
    """Seconds, over all cores since boot, in which the machine wanted to run and its host let it not.

    `None` where the kernel does not say (proc(5)). No instrument can see through such a pause: it is told
    beside the errors that it causes.
    """
    try:
        fields = stat.read_text().splitlines()[0].split()
        return int(fields[_STEAL_COLUMN]) / os.sysconf("SC_CLK_TCK")
    except (OSError, IndexError, ValueError):
        return None
