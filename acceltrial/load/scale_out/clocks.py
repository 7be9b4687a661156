"""How far a worker's clock is from ours, and how sure that is."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

ROUNDS = 40


class Stamps(NamedTuple):
    """When a worker got our message and when it sent its answer, on its own clock."""

    received_ns: int
    answered_ns: int


@dataclass(frozen=True, slots=True)
class Offset:
    """A worker's clock minus ours.

    Attributes:
        uncertainty_ns: the offset is wrong by no more than this, however unevenly the way there and the
            way back are: half the round trip of the fastest exchange.
        rounds: exchanges that were tried.
    """

    offset_ns: int
    uncertainty_ns: int
    rounds: int

    def to_worker(self, ours_ns: int) -> int:
        """Our time on the worker's clock."""
        return ours_ns + self.offset_ns

    def to_ours(self, worker_ns: int) -> int:
        """The worker's time on our clock; 0 stays 0, which means that it did not happen."""
        return worker_ns - self.offset_ns if worker_ns else 0


def measure_offset(
    exchange: Callable[[], Stamps],
    rounds: int = ROUNDS,
    clock_ns: Callable[[], int] = time.monotonic_ns,
) -> Offset:
    """The offset from the exchange with the shortest round trip of `rounds`.

    With a message sent at t0, received at t1, answered at t2 and back at t3, offset = ((t1 − t0) + (t2 − t3))
    ÷ 2 and round trip = (t3 − t0) − (t2 − t1), as in NTP (RFC 5905, section 8). Queues only ever lengthen a
    way, so the fastest exchange is the one least distorted.
    """
    best: tuple[int, int] | None = None
    for _ in range(max(1, rounds)):
        sent = clock_ns()
        theirs = exchange()
        back = clock_ns()
        trip = max(0, (back - sent) - (theirs.answered_ns - theirs.received_ns))
        offset = ((theirs.received_ns - sent) + (theirs.answered_ns - back)) // 2
        if best is None or trip < best[0]:
            best = trip, offset
    assert best is not None
    # One more nanosecond for the integer division.
    return Offset(best[1], best[0] // 2 + 1, max(1, rounds))
