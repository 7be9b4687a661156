"""The kernel timer."""

from __future__ import annotations

import select
import time

from acceltrial.load.timer import Timer


def test_wakes_when_due_and_not_before() -> None:
    timer, epoll = Timer(), select.epoll()
    epoll.register(timer.fd, select.EPOLLIN)
    due = time.monotonic_ns() + 3_000_000
    timer.arm(due)
    assert epoll.poll(1.0)
    assert time.monotonic_ns() >= due
    timer.clear()
    assert not epoll.poll(0)
    timer.arm(1)  # long past: at once
    assert epoll.poll(1.0)
    timer.clear()
    timer.clear()  # nothing to take note of
    epoll.close()
    timer.close()
