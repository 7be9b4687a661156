"""Keeping the cores from sleeping while something is timed."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

_LATENCY = Path("/dev/cpu_dma_latency")


def keep_cores_awake(device: Path = _LATENCY) -> str:
    """Asks the kernel to wake from idle at once until this process ends.

    A core that sleeps, and more so a virtual one that its host has to schedule again, wakes a millisecond
    late now and then: an idle machine then measures worse than a busy one. The kernel's own request for
    latency (https://docs.kernel.org/power/pm_qos_interface.html) is what `cyclictest` uses too. It costs
    power while it lasts, and a server under test on the same machine wakes sooner as well. It needs root.

    Returns:
        `polling`, or `as the system sets them` where it was refused.
    """
    with contextlib.suppress(OSError):
        request = os.open(device, os.O_WRONLY)  # holds for as long as it is open: the process's end closes it
        os.write(request, (0).to_bytes(4, "little"))
        return "polling"
    return "as the system sets them"
