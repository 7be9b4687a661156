"""How the load process writes down every exchange that ended."""

from __future__ import annotations

import time
from array import array

from acceltrial.load import spill
from acceltrial.load.connection import Connection
from acceltrial.load.job import Job

_NO_TIMES: array[int] = array("q")


class Journal:
    """Writes raw records to the shard's spill file and counts them.

    Attributes:
        warming: whether what ends now belongs to the warm-up.
    """

    def __init__(self, job: Job, shard: int) -> None:
        self._spill = spill.SpillWriter(job.spill_path(shard))
        self.finished = 0
        self.failed = 0
        self.warming = False

    def ended(self, connection: Connection, outcome: str, detail: str = "") -> None:
        """Writes down the exchange that the connection carried."""
        fresh, stamps = connection.fresh, connection.stamps
        finished_ns = stamps[-1] if stamps and not outcome else time.monotonic_ns()
        times = (
            connection.intended_ns,
            connection.sent_ns,
            connection.dialled_ns if fresh else 0,
            connection.connected_ns if fresh else 0,
            connection.secured_ns if fresh else 0,
            finished_ns,
        )
        flags = (0 if fresh else spill.REUSED) | (spill.RETRIED if connection.retried else 0)
        flags = self._counted(outcome, flags)
        self._spill.write(
            connection.index, times, outcome, flags, stamps, connection.ends, connection.buffer, detail
        )

    def unsent(self, index: int, due_ns: int, outcome: str, detail: str) -> None:
        """Writes down a request that found no connection."""
        times = (due_ns, 0, 0, 0, 0, time.monotonic_ns())
        flags = self._counted(outcome, 0)
        self._spill.write(index, times, outcome, flags, _NO_TIMES, _NO_TIMES, b"", detail)

    def _counted(self, outcome: str, flags: int) -> int:
        """Counts an exchange that ended; its flags, with that of the warm-up where it belongs there."""
        self.finished += 1
        self.failed += bool(outcome)
        return flags | spill.WARM_UP if self.warming else flags

    def close(self) -> None:
        """Everything is on disk afterwards."""
        self._spill.close()
