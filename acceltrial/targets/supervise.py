"""Runs one command and ends its whole process group when the starter is gone, however it died.

Run as a script by `acceltrial.targets.process`, with the standard library only so that it starts in
milliseconds. The starter holds the other end of this process's standard input: the end of that pipe is
the death of the starter, `kill -9` included. Should this process be killed instead, Linux kills the child.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import select
import signal
import subprocess
import sys
import time

PR_SET_PDEATHSIG = 1
GRACE_S = 3.0


def main(argv: list[str]) -> int:
    """The exit status of the command in `argv[1:]`; `argv[0]` is the file for the start mark."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    started = time.monotonic()
    child = subprocess.Popen(argv[1:], stdin=subprocess.DEVNULL, preexec_fn=_restore_and_follow)  # noqa: PLW1509
    with open(argv[0], "a", encoding="utf-8") as marks:  # noqa: PTH123
        marks.write(json.dumps({"mark": "spawned", "t": started, "pid": child.pid}) + "\n")
    wait_for_either(child)
    if child.poll() is None:
        os.killpg(0, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(GRACE_S)
    status = child.poll()
    if group_has_others():
        os.killpg(0, signal.SIGKILL)
    return status if status is not None and status >= 0 else 1


def wait_for_either(child: subprocess.Popen[bytes]) -> None:
    """Returns when the child has ended or the starter has closed its end of the pipe."""
    watched: list[int] = [0]
    descriptor = None
    if hasattr(os, "pidfd_open"):
        with contextlib.suppress(OSError):
            descriptor = os.pidfd_open(child.pid)
            watched.append(descriptor)
    wait_s = None if descriptor is not None else 0.2
    while child.poll() is None:
        ready, _, _ = select.select(watched, [], [], wait_s)
        if 0 in ready and not os.read(0, 1024):
            return


def group_has_others() -> bool:
    """Whether anything but this process is left in its group (where /proc tells; else yes)."""
    group = os.getpgid(0)
    try:
        pids = [int(name) for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208
    except OSError:
        return True
    for pid in pids:
        with contextlib.suppress(OSError):
            if pid != os.getpid() and os.getpgid(pid) == group:
                return True
    return False


def follow_parent() -> None:
    """Ends this process together with the thread that started it, however that ends (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _restore_and_follow() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    follow_parent()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
