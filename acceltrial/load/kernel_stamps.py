"""When bytes reached this machine, by the kernel's own stamp of the packet.

A stamp taken after `recv` also holds the time that this process waited for a core; on a busy machine that
is milliseconds, and it would be reported as the server's. The kernel stamps each packet as it arrives
(SO_TIMESTAMPNS, Linux), so that the client's waiting stays out of every latency. The kernel's stamp is of
the wall clock; the offset to the monotonic clock is taken anew before each batch of reads, and a stamp that
does not fall between the last thing known and now (a clock that jumped) is refused.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import time

_SO_TIMESTAMPNS = 35
_TIMESPEC = struct.Struct("@ll")
_SIZE = _TIMESPEC.size
_NS = 1_000_000_000
_TIGHT_NS = 5_000
ANCILLARY_SIZE = socket.CMSG_SPACE(_TIMESPEC.size) if hasattr(socket, "CMSG_SPACE") else 0


class KernelStamps:
    """Turns the stamps of received packets into times of the monotonic clock."""

    __slots__ = ("_offset_ns", "taken")

    def __init__(self) -> None:
        self._offset_ns = 0
        self.taken = 0
        while not self._offset_ns:
            self.synchronise()

    def watch(self, sock: socket.socket) -> None:
        """Asks for stamps on a socket; a system that has none simply sends none."""
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)

    def synchronise(self) -> None:
        """Takes the offset of the clocks, unless this process was interrupted between the two readings."""
        before = time.monotonic_ns()
        wall = time.time_ns()
        after = time.monotonic_ns()
        if after - before < _TIGHT_NS:
            self._offset_ns = wall - (before + after) // 2

    def stamp(self, told: bytes, earliest_ns: int, now_ns: int) -> int:
        """The time at which the bytes just read had arrived; `now_ns` where the kernel's word is no use.

        `told` is the data of the first ancillary item: no other than the stamp was asked for.
        """
        if len(told) >= _SIZE:
            seconds, rest = _TIMESPEC.unpack_from(told)
            arrived: int = seconds * _NS + rest - self._offset_ns
            if earliest_ns <= arrived <= now_ns:
                self.taken += 1
                return arrived
        return now_ns
