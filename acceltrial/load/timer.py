"""A kernel timer as a file descriptor: it wakes an epoll loop with microsecond resolution.

`epoll_wait` itself only counts whole milliseconds, which is too coarse to pace requests.
Linux only; Python offers `os.timerfd_create` from 3.13, so the C library is called directly.
"""

from __future__ import annotations

import ctypes
import os

_NS = 1_000_000_000
_CLOCK_MONOTONIC = 1
_TFD_TIMER_ABSTIME = 1
_FLAGS = os.O_NONBLOCK | os.O_CLOEXEC


class _Timespec(ctypes.Structure):
    _fields_ = (("tv_sec", ctypes.c_long), ("tv_nsec", ctypes.c_long))


class _Itimerspec(ctypes.Structure):
    _fields_ = (("it_interval", _Timespec), ("it_value", _Timespec))


class Timer:
    """One absolute alarm on the monotonic clock, readable through `fd`."""

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self.fd: int = self._libc.timerfd_create(_CLOCK_MONOTONIC, _FLAGS)
        if self.fd < 0:
            raise OSError(ctypes.get_errno(), "timerfd_create failed")
        self._spec = _Itimerspec()
        self._pointer = ctypes.byref(self._spec)
        self._settime = self._libc.timerfd_settime
        self._armed_ns = -1

    def arm(self, due_ns: int) -> None:
        """Makes `fd` readable at `due_ns` (nanoseconds of the monotonic clock)."""
        if due_ns == self._armed_ns:
            return
        self._armed_ns = due_ns
        value = self._spec.it_value
        # A value of zero would disarm the timer; a time in the past fires at once.
        value.tv_sec, value.tv_nsec = divmod(max(due_ns, 1), _NS)
        self._settime(self.fd, _TFD_TIMER_ABSTIME, self._pointer, None)

    def clear(self) -> None:
        """Takes note of an alarm, so that `fd` is no longer readable."""
        self._armed_ns = -1
        try:
            os.read(self.fd, 8)
        except BlockingIOError:
            return

    def close(self) -> None:
        """Gives the descriptor back."""
        os.close(self.fd)
