"""The load process: one epoll loop over non-blocking sockets, nothing imported but the standard library.

The loop does as little as it can while the run goes on: it sends rendered bytes when they are due,
takes one stamp per socket read, keeps the bytes, and follows the framing just far enough to know where a
response ends. What the bytes mean is worked out afterwards.

Run as `python -m acceltrial.load.driver FOLDER SHARD`; a first line on standard input says that the job is
laid down, then it warms up, prints `ready`, reads the start time, and ends by itself. When standard input
closes, the parent is gone and so is the run.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import select
import sys
import time
from pathlib import Path

from acceltrial.load.agenda import Agenda
from acceltrial.load.idle_states import keep_cores_awake
from acceltrial.load.job import Job, read_job
from acceltrial.load.journal import Journal
from acceltrial.load.precedence import take_precedence
from acceltrial.load.steal import stolen_s
from acceltrial.load.timer import Timer
from acceltrial.load.wire import Wire

_NS = 1_000_000_000
_FEW_EVENTS, _MANY_EVENTS = 8, 32
"""Events taken per turn: few, so that a due request is not kept waiting by a burst of tokens; more in a
closed loop, where a request is due by what its stream received and not by the clock."""
_ALERT_NS = 80_000
"""So long before a request is due, the loop stays awake: waking up takes the kernel about as long."""


class Driver:
    """Sends one shard of a job's requests and writes down what came back."""

    def __init__(self, job: Job, shard: int) -> None:
        self.job = job
        self.shard = shard
        self.epoll = select.epoll()
        self.timer = Timer()
        self.epoll.register(self.timer.fd, select.EPOLLIN)
        self.agenda = Agenda(job, shard)
        self.journal = Journal(job, shard)
        self.wire = Wire(job, self.agenda, self.journal, self.epoll)
        self.start_ns = 0
        self.warm_up_s = 0.0
        self.interrupted = False

    def warm_up(self) -> None:
        """Sends the requests ahead of the schedule, and returns when every one has ended."""
        begun_ns = self.start_ns = time.monotonic_ns()
        if self.agenda.begin_warm_up(begun_ns):
            self.journal.warming = True
            self._loop()
            self.journal.warming = False
        self.warm_up_s = (time.monotonic_ns() - begun_ns) / _NS

    def run(self, start_ns: int) -> None:
        """Sends the schedule from `start_ns` on, and returns when every request has ended."""
        self.start_ns = start_ns
        self.agenda.begin(start_ns)
        self._loop()

    def _loop(self) -> None:
        clock, poll, wire, agenda = time.monotonic_ns, self.epoll.poll, self.wire, self.agenda
        connections, waiting, deadlines = wire.connections, wire.waiting, wire.deadlines.queue
        synchronise, on_event = wire.kernel.synchronise, wire.on_event
        most = _MANY_EVENTS if agenda.closed_loop else _FEW_EVENTS
        while agenda.pending:
            self._launch_due(clock())
            events = poll(self._wait_s(clock()), most)
            synchronise()
            for fd, _mask in events:
                connection = connections.get(fd)
                if connection is not None:
                    on_event(connection)
                else:
                    self._on_other(fd)
            if deadlines or waiting:
                wire.expire(clock())

    def _launch_due(self, now_ns: int) -> None:
        if self.wire.waiting:
            self.wire.launch_waiting()
        while (due := self.agenda.pop_due(now_ns)) is not None:
            self.wire.launch(*due)

    def _wait_s(self, now_ns: int) -> float:
        due_ns = self.agenda.due_ns()
        if due_ns:
            if due_ns - now_ns <= _ALERT_NS:
                return 0.0
            self.timer.arm(due_ns - _ALERT_NS)
        deadline_ns = self.wire.deadlines.next_ns()
        if not deadline_ns:
            return 1.0
        return min(1.0, max(0.0, (deadline_ns - now_ns) / _NS + 0.001))

    def _on_other(self, fd: int) -> None:
        if fd == self.timer.fd:
            self.timer.clear()
        elif fd == 0:
            # Standard input speaks only when the run must end: by a word of the parent, or by its death.
            os.read(0, 4_096)
            self.epoll.unregister(0)
            self.interrupt()

    def interrupt(self) -> None:
        """Ends the run now; what is in flight is recorded as interrupted, what was not begun is left out."""
        self.interrupted = True
        self.agenda.clear()
        self.wire.interrupt()
        self.agenda.clear()

    def close(self) -> dict[str, float | int | str]:
        """Closes everything; what the process says about itself."""
        self.wire.close()
        self.journal.close()
        self.timer.close()
        self.epoll.close()
        usage = resource.getrusage(resource.RUSAGE_SELF)
        return {
            "opened": self.wire.opened,
            "reads": self.wire.reads,
            "kernel_stamps": self.wire.kernel.taken,
            "finished": self.journal.finished,
            "failed": self.journal.failed,
            "start_ns": self.start_ns,
            "first_sent_ns": self.wire.first_sent_ns,
            "warm_up_s": self.warm_up_s,
            "ended_ns": time.monotonic_ns(),
            "cpu_s": usage.ru_utime + usage.ru_stime,
            "peak_rss_mb": _peak_rss_mb(),
            "interrupted": self.interrupted,
        }


def _peak_rss_mb() -> float:
    """Of this program alone: getrusage would count the parent as it was when it forked."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _gone(before: float | None, after: float | None) -> float | None:
    return None if before is None or after is None else after - before


def _raise_file_limit() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _agreed_start_ns(driver: Driver) -> int:
    """When the schedule begins, told once the warm-up is over; 0 where the parent ended the run."""
    driver.epoll.register(0, select.EPOLLIN)
    driver.warm_up()
    if driver.interrupted:
        return 0
    driver.epoll.unregister(0)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    word = os.read(0, 64).strip()
    driver.epoll.register(0, select.EPOLLIN)
    return int(word or 0)


def main() -> None:
    """Entry point of the load process."""
    _raise_file_limit()
    if not os.read(0, 64).strip():
        return
    standing: dict[str, object] = {"precedence": take_precedence(), "idle_states": keep_cores_awake()}
    driver = Driver(read_job(Path(sys.argv[1])), int(sys.argv[2]))
    start_ns = _agreed_start_ns(driver)
    # Nothing that lives now will die before the end, and nothing of the loop makes cycles.
    gc.collect()
    gc.freeze()
    gc.disable()
    before, stolen_before_s = time.process_time(), stolen_s()
    if start_ns:
        driver.run(start_ns)
    loop_cpu_s, stolen_after_s = time.process_time() - before, stolen_s()
    standing |= {"loop_cpu_s": loop_cpu_s, "stolen_s": _gone(stolen_before_s, stolen_after_s)}
    driver.job.stats_path(driver.shard).write_text(json.dumps(driver.close() | standing))


if __name__ == "__main__":
    main()
