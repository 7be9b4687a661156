"""Running ahead of ordinary processes, so that the instrument is not late."""

from __future__ import annotations

import contextlib
import os

_NICE = -10


def take_precedence() -> str:
    """Asks the scheduler for precedence; says what was given: `realtime`, `nice -10` or `ordinary`.

    A late instrument reports its own lateness as the server's latency. The load process sleeps whenever
    nothing is due, so the precedence costs the others no more than its work does; the kernel's limit on
    real-time processes keeps a core from being taken whole. Where the system refuses (an ordinary user),
    nothing changes, and the lag that follows is measured and judged like any other.
    """
    if hasattr(os, "sched_setscheduler"):
        with contextlib.suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(os.sched_get_priority_min(os.SCHED_FIFO)))
            return "realtime"
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, _NICE)
        return f"nice {_NICE}"
    return "ordinary"
