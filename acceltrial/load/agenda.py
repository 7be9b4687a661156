"""What one load process sends next, and when: its shard of the schedule, streams, turns that wait."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from heapq import heappop, heappush
from pathlib import Path

from acceltrial.load.job import AFTER, INTENDED, THINK, Job, read_array
from acceltrial.load.sharding import scheduled_of, warm_up_of

_NS = 1_000_000_000


class Agenda:
    """The requests of one shard, handed out when they are due; times are of the monotonic clock.

    Attributes:
        pending: requests begun or to come; the run is over when none is left.
        warming: whether the requests ahead of the schedule are being sent.
        start_ns: the schedule's time 0.
    """

    def __init__(self, job: Job, shard: int) -> None:
        folder = Path(job.folder)
        self.job, self.shard = job, shard
        self.intended_s = read_array(folder / INTENDED, "d")
        self.after = read_array(folder / AFTER, "q")
        self.think_s = read_array(folder / THINK, "d")
        # Worked out before the start: a long schedule would make its first requests late.
        self._scheduled = scheduled_of(
            job.requests - job.warm_up, self.after, job.processes, shard, first=job.warm_up
        )
        self.pending = 0
        self.warming = self.closed_loop = False
        self.start_ns = self._stop_ns = 0
        self._coming: Iterator[int] = iter(())
        self._next_index = -1
        self._next_ns = 0
        self._delayed: list[tuple[int, int]] = []
        self._queue: deque[int] = deque()
        self._followers: dict[int, list[int]] = {}

    # Phases -------------------------------------------------------------------------------------

    def begin_warm_up(self, now_ns: int) -> bool:
        """Sets the shard's warm-up requests on their streams; False where there are none."""
        job = self.job
        mine = warm_up_of(job.warm_up, job.processes, self.shard)
        if not mine:
            return False
        self.warming = self.closed_loop = True
        self._start_streams(mine, _share(job.warm_up_streams, self.shard, job.processes) or 1, now_ns)
        return True

    def begin(self, start_ns: int) -> None:
        """Sets the shard of the schedule, with `start_ns` as its time 0."""
        job = self.job
        self.warming = False
        self.start_ns = start_ns
        self._stop_ns = start_ns + int(job.stop_after_s * _NS) if job.stop_after_s else 0
        self.closed_loop = job.concurrency > 0
        if self.closed_loop:
            self._start_streams(self._scheduled, _share(job.concurrency, self.shard, job.processes), start_ns)
        else:
            self._plan_open_loop(self._scheduled)

    def clear(self) -> None:
        """Forgets everything that has not begun."""
        self._next_index = -1
        self._delayed.clear()
        self._queue.clear()
        self._followers.clear()
        self.pending = 0

    def _start_streams(self, indexes: Sequence[int], streams: int, start_ns: int) -> None:
        self._queue = deque(indexes)
        for _ in range(min(streams, len(self._queue))):
            heappush(self._delayed, (start_ns, self._queue.popleft()))
            self.pending += 1

    def _plan_open_loop(self, indexes: Sequence[int]) -> None:
        """Takes up the shard's indexes in order of time; turns that wait for an answer are set aside."""
        after, skip = self.after, self.job.warm_up
        if after:
            for index in indexes:
                if after[index - skip] >= 0:
                    self._followers.setdefault(after[index - skip] + skip, []).append(index)
        self.pending += len(indexes)
        self._coming = iter(indexes)
        self._take_next()

    # Handing out --------------------------------------------------------------------------------

    def due_ns(self) -> int:
        """When the next request is due; 0 where none is until an answer comes."""
        due_ns = self._next_ns if self._next_index >= 0 else 0
        if self._delayed and (not due_ns or self._delayed[0][0] < due_ns):
            return self._delayed[0][0]
        return due_ns

    def pop_due(self, now_ns: int) -> tuple[int, int] | None:
        """The next request that is due by now, as (index, time it was due); None where none is."""
        if self._next_index >= 0 and self._next_ns <= now_ns:
            due = self._next_index, self._next_ns
            self._take_next()
            return due
        delayed = self._delayed
        while delayed and delayed[0][0] <= now_ns:
            due_ns, index = heappop(delayed)
            if self._stop_ns and due_ns >= self._stop_ns and self.closed_loop and not self.warming:
                self.pending -= 1
                continue
            return index, due_ns
        return None

    def ended(self, index: int, now_ns: int) -> None:
        """What the end of one request sets off: the stream's next request, the session's next turn."""
        self.pending -= 1
        if self.closed_loop:
            if self._queue:
                following = self._queue.popleft()
                heappush(self._delayed, (now_ns + self._think_ns(following), following))
                self.pending += 1
        elif self._followers:
            for following in self._followers.pop(index, ()):
                due_ns = max(self._planned_ns(following), now_ns + self._think_ns(following))
                heappush(self._delayed, (due_ns, following))

    def _take_next(self) -> None:
        """Sets the next planned request and its time; -1 when there is none left."""
        after, skip = self.after, self.job.warm_up
        for index in self._coming:
            if not after or after[index - skip] < 0:
                self._next_index = index
                self._next_ns = self._planned_ns(index)
                return
        self._next_index = -1

    def _planned_ns(self, index: int) -> int:
        return self.start_ns + int(self.intended_s[index - self.job.warm_up] * _NS)

    def _think_ns(self, index: int) -> int:
        if self.warming or not self.think_s:
            return 0
        return int(self.think_s[index - self.job.warm_up] * _NS)


def _share(total: int, shard: int, shards: int) -> int:
    return total // shards + (shard < total % shards)
