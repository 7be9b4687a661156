"""The load process: one epoll loop over non-blocking sockets, nothing imported but the standard library.

The loop does as little as it can while the run goes on: it sends rendered bytes when they are due,
takes one stamp of the monotonic clock per socket read, keeps the bytes, and follows the framing just
far enough to know where a response ends. What the bytes mean is worked out afterwards.

Run as `python -m acceltrial.load.driver FOLDER SHARD`; it prints `ready`, reads the start time from
standard input, and ends by itself. When standard input closes, the parent is gone and so is the run.
"""

from __future__ import annotations

import contextlib
import errno
import gc
import json
import os
import resource
import select
import socket
import ssl
import sys
import time
from array import array
from collections import deque
from collections.abc import Iterator
from heapq import heappop, heappush
from pathlib import Path

from acceltrial.load import spill
from acceltrial.load.connection import Connection, State
from acceltrial.load.framing import MalformedResponse
from acceltrial.load.job import AFTER, INTENDED, THINK, Job, RequestStore, read_array, read_job
from acceltrial.load.kernel_stamps import ANCILLARY_SIZE, KernelStamps
from acceltrial.load.precedence import take_precedence
from acceltrial.load.timer import Timer

_NS = 1_000_000_000
_READ = 65_536
_MAX_READS = 1_000_000
_BATCH = 8
"""Events taken per turn: few enough that a due request is not kept waiting by a burst of tokens."""
_ALERT_NS = 80_000
"""So long before a request is due, the loop stays awake: waking up takes the kernel about as long."""
_READABLE = select.EPOLLIN
_BOTH = select.EPOLLIN | select.EPOLLOUT
_NO_TIMES: array[int] = array("q")


class Driver:
    """Sends one shard of a job's requests and writes down what came back."""

    def __init__(self, job: Job, shard: int) -> None:
        self.job = job
        self.shard = shard
        folder = Path(job.folder)
        self.store = RequestStore(folder)
        self.spill = spill.SpillWriter(job.spill_path(shard))
        self.intended_s = read_array(folder / INTENDED, "d")
        self.after = read_array(folder / AFTER, "q")
        self.think_s = read_array(folder / THINK, "d")
        self.tls = _tls_context(job) if job.server_name else None
        self.epoll = select.epoll()
        self.timer = Timer()
        self.epoll.register(self.timer.fd, _READABLE)
        self.connections: dict[int, Connection] = {}
        self.idle: list[Connection] = []
        self.waiting: deque[tuple[int, int]] = deque()
        self.deadlines: deque[tuple[int, Connection, int]] = deque()
        self.delayed: list[tuple[int, int]] = []
        self.followers: dict[int, list[int]] = {}
        self.timeout_ns = int(job.timeout_s * _NS)
        self.start_ns = self.stop_ns = 0
        self.coming: Iterator[int] = iter(())
        self.next_index = -1
        self.next_ns = 0
        self.queue: deque[int] = deque()
        self.closed_loop = False
        self.warming = False
        self.pending = 0
        # One inbox for all reads: a new bytes object a read fragments the heap.
        self.inbox = bytearray(_READ)
        self.inbox_view = memoryview(self.inbox)
        self.inboxes = [self.inbox]
        self.kernel = KernelStamps()
        self.reads = 0
        self.address = 0
        self.opened = 0
        self.finished = 0
        self.failed = 0
        self.first_sent_ns = 0
        self.interrupted = False

    # The run ------------------------------------------------------------------------------------

    def run(self, start_ns: int) -> None:
        """Warms up, sends the schedule from `start_ns` on, and returns when every request has ended."""
        job = self.job
        self.start_ns = start_ns
        mine = range(self.shard, job.warm_up, job.processes)
        if mine:
            self.warming = self.closed_loop = True
            streams = _share(job.warm_up_streams, self.shard, job.processes) or 1
            self._start_streams(deque(mine), streams, time.monotonic_ns())
            self._loop()
            self.warming = False
            if self.interrupted:
                return
            # The schedule starts at the agreed time, or later when warming up took longer.
            start_ns = max(start_ns, time.monotonic_ns())
        self.start_ns = start_ns
        self.stop_ns = start_ns + int(job.stop_after_s * _NS) if job.stop_after_s else 0
        indexes = range(job.warm_up + self.shard, job.requests, job.processes)
        self.closed_loop = job.concurrency > 0
        if self.closed_loop:
            self._start_streams(deque(indexes), _share(job.concurrency, self.shard, job.processes), start_ns)
        else:
            self._plan_open_loop(indexes)
        self._loop()

    def _start_streams(self, queue: deque[int], streams: int, start_ns: int) -> None:
        self.queue = queue
        for _ in range(min(streams, len(queue))):
            heappush(self.delayed, (start_ns, queue.popleft()))
            self.pending += 1

    def _plan_open_loop(self, indexes: range) -> None:
        """Takes up the shard's indexes in order of time; turns that wait for an answer are set aside."""
        after, skip = self.after, self.job.warm_up
        if after:
            for index in indexes:
                if after[index - skip] >= 0:
                    self.followers.setdefault(after[index - skip] + skip, []).append(index)
        self.pending += len(indexes)
        self.coming = iter(indexes)
        self._take_next()

    def _take_next(self) -> None:
        """Sets the next planned request and its time; -1 when there is none left."""
        after, skip = self.after, self.job.warm_up
        for index in self.coming:
            if not after or after[index - skip] < 0:
                self.next_index = index
                self.next_ns = self._planned_ns(index)
                return
        self.next_index = -1

    def _planned_ns(self, index: int) -> int:
        return self.start_ns + int(self.intended_s[index - self.job.warm_up] * _NS)

    def _loop(self) -> None:
        clock, poll, timer = time.monotonic_ns, self.epoll.poll, self.timer
        connections, timer_fd = self.connections, self.timer.fd
        synchronise = self.kernel.synchronise
        while self.pending:
            self._launch_due(clock())
            events = poll(self._wait_s(clock()), _BATCH)
            synchronise()
            for fd, _mask in events:
                connection = connections.get(fd)
                if connection is not None:
                    if connection.state == State.RECEIVING:
                        self._receive(connection)
                    else:
                        self._advance(connection)
                elif fd == timer_fd:
                    timer.clear()
                elif fd == 0:
                    self._control()
            if self.deadlines or self.waiting:
                self._expire(clock())

    def _wait_s(self, now_ns: int) -> float:
        due_ns = self.next_ns if self.next_index >= 0 else 0
        if self.delayed and (not due_ns or self.delayed[0][0] < due_ns):
            due_ns = self.delayed[0][0]
        if due_ns:
            if due_ns - now_ns <= _ALERT_NS:
                return 0.0
            self.timer.arm(due_ns - _ALERT_NS)
        while self.deadlines and self.deadlines[0][1].serial != self.deadlines[0][2]:
            self.deadlines.popleft()
        if not self.deadlines:
            return 1.0
        return min(1.0, max(0.0, (self.deadlines[0][0] - now_ns) / _NS + 0.001))

    # Launching ----------------------------------------------------------------------------------

    def _launch_due(self, now_ns: int) -> None:
        delayed = self.delayed
        while self.waiting and (self.idle or len(self.connections) < self.job.max_connections):
            self._launch(*self.waiting.popleft())
        while self.next_index >= 0 and self.next_ns <= now_ns:
            index, due_ns = self.next_index, self.next_ns
            self._take_next()
            self._launch(index, due_ns)
        while delayed and delayed[0][0] <= now_ns:
            due_ns, index = heappop(delayed)
            if self.stop_ns and due_ns >= self.stop_ns and self.closed_loop and not self.warming:
                self.pending -= 1
                continue
            self._launch(index, due_ns)

    def _launch(self, index: int, due_ns: int) -> None:
        if self.idle:
            connection = self.idle.pop()
            connection.begin(index, due_ns, self.store.read(index))
            self._send(connection)
        elif len(self.connections) < self.job.max_connections:
            self._dial(index, due_ns, retried=False)
        else:
            self.waiting.append((index, due_ns))

    def _dial(self, index: int, due_ns: int, *, retried: bool) -> None:
        family, host, port = self.job.addresses[self.address]
        try:
            connection = Connection(family, self.address)
        except OSError as error:
            self._record_unsent(index, due_ns, "connect_failed", str(error))
            return
        self.opened += 1
        connection.begin(index, due_ns, self.store.read(index))
        connection.retried = retried
        connection.dialled_ns = time.monotonic_ns()
        self.connections[connection.fd] = connection
        self.kernel.watch(connection.socket)
        self.deadlines.append((connection.dialled_ns + self.timeout_ns, connection, connection.serial))
        self.epoll.register(connection.fd, _BOTH)
        connection.watching_write = True
        code = connection.socket.connect_ex((host, port))
        if code not in (0, errno.EINPROGRESS):
            self._connect_failed(connection, code)

    # One connection's progress ------------------------------------------------------------------

    def _advance(self, connection: Connection) -> None:
        if connection.state == State.CONNECTING:
            code = connection.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if code:
                self._connect_failed(connection, code)
                return
            if not _is_connected(connection.socket):
                return  # the event was of an earlier socket with the same number
            connection.connected_ns = time.monotonic_ns()
            if self.tls is None:
                self._start_sending(connection)
                return
            connection.secure(self.tls, self.job.server_name)
            connection.state = State.SECURING
        if connection.state == State.SECURING:
            self._handshake(connection)
        elif connection.state == State.SENDING:
            self._push(connection)
        elif connection.state == State.IDLE:
            # Nothing was asked: the server closed, or it talks out of turn. Either way it is of no more use.
            self.idle.remove(connection)
            self._drop(connection)

    def _handshake(self, connection: Connection) -> None:
        try:
            connection.socket.do_handshake()  # type: ignore[attr-defined]
        except ssl.SSLWantReadError:
            self._watch(connection, write=False)
        except ssl.SSLWantWriteError:
            self._watch(connection, write=True)
        except ssl.SSLCertVerificationError as error:
            self._end(connection, _certificate_class(error), error.verify_message)
        except (ssl.SSLError, OSError) as error:
            self._end(connection, "tls_failed", str(error))
        else:
            connection.secured_ns = time.monotonic_ns()
            self._start_sending(connection)

    def _start_sending(self, connection: Connection) -> None:
        self._watch(connection, write=False)
        self._send(connection)

    def _send(self, connection: Connection) -> None:
        now_ns = time.monotonic_ns()
        connection.sent_ns = now_ns
        if not self.first_sent_ns and not self.warming:
            self.first_sent_ns = now_ns
        if not connection.fresh:
            self.deadlines.append((now_ns + self.timeout_ns, connection, connection.serial))
        self._push(connection)

    def _push(self, connection: Connection) -> None:
        outgoing = connection.outgoing
        assert outgoing is not None
        try:
            sent = connection.socket.send(outgoing)
        except (BlockingIOError, ssl.SSLWantWriteError):
            sent = 0
        except ssl.SSLWantReadError:
            sent = 0
        except OSError as error:
            self._broken(connection, error)
            return
        if sent == len(outgoing):
            connection.outgoing = None
            connection.state = State.RECEIVING
            if connection.watching_write:
                self._watch(connection, write=False)
            return
        connection.outgoing = outgoing[sent:]
        connection.state = State.SENDING
        self._watch(connection, write=True)

    def _receive(self, connection: Connection) -> None:
        ancillary: list[tuple[int, int, bytes]] = []
        try:
            if self.tls is None:
                size, ancillary, _, _ = connection.socket.recvmsg_into(self.inboxes, ANCILLARY_SIZE)
            else:
                size = connection.socket.recv_into(self.inbox)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return
        except OSError as error:
            self._broken(connection, error)
            return
        now_ns = time.monotonic_ns()
        if not size:
            self._closed_by_server(connection)
            return
        buffer, stamps = connection.buffer, connection.stamps
        buffer += self.inbox_view[:size]
        earliest_ns = stamps[-1] if stamps else connection.sent_ns
        stamps.append(self.kernel.stamp(ancillary, earliest_ns, now_ns) if ancillary else now_ns)
        connection.ends.append(len(buffer))
        self.reads += 1
        framing = connection.framing
        try:
            # A token's read cannot end the response: the common case is told without a call.
            complete = not (framing.chunked and buffer[-4:] != b"\r\n\r\n") and framing.complete(buffer)
        except MalformedResponse as error:
            self._end(connection, "malformed_http", str(error))
            return
        if complete:
            self._complete(connection)
            return
        if len(buffer) > self.job.max_response_bytes or len(connection.stamps) > _MAX_READS:
            self._end(
                connection, "response_too_large", f"{len(buffer)} bytes in {len(connection.stamps)} reads"
            )
        elif self.tls is not None and connection.socket.pending():  # type: ignore[attr-defined]
            # What TLS has already decrypted does not make the socket readable again.
            self._receive(connection)

    # Endings ------------------------------------------------------------------------------------

    def _complete(self, connection: Connection) -> None:
        framing = connection.framing
        reusable = framing.keep_alive and self.job.keep_alive and framing.end == len(connection.buffer)
        if not reusable:
            self._end(connection, spill.COMPLETE)
            return
        index = connection.index
        self._record(connection, spill.COMPLETE, "")
        connection.finish()
        connection.state = State.IDLE
        self.idle.append(connection)
        self._after(index)

    def _closed_by_server(self, connection: Connection) -> None:
        if not connection.stamps and not connection.fresh and not connection.retried:
            self._retry(connection)
            return
        try:
            whole = connection.framing.complete_at_close(connection.buffer)
        except MalformedResponse as error:
            self._end(connection, "malformed_http", str(error))
            return
        if whole and connection.stamps:
            self._end(connection, spill.COMPLETE)
        else:
            self._end(connection, "closed_early", f"{len(connection.buffer)} bytes received")

    def _broken(self, connection: Connection, error: OSError) -> None:
        if not connection.stamps and not connection.fresh and not connection.retried:
            self._retry(connection)
        else:
            self._end(connection, "reset", os.strerror(error.errno) if error.errno else str(error))

    def _retry(self, connection: Connection) -> None:
        """A kept connection that closes as we write says nothing of the request: dial anew, once."""
        index, intended_ns = connection.index, connection.intended_ns
        self._drop(connection)
        self._dial(index, intended_ns, retried=True)

    def _connect_failed(self, connection: Connection, code: int) -> None:
        if self.address + 1 < len(self.job.addresses) and not self.finished:
            # Another address of the same name may answer (IPv6 first, a server on IPv4 only).
            if connection.address == self.address:
                self.address += 1
            index, intended_ns = connection.index, connection.intended_ns
            self._drop(connection)
            self._dial(index, intended_ns, retried=False)
            return
        outcome = "connect_refused" if code == errno.ECONNREFUSED else "connect_failed"
        self._end(connection, outcome, os.strerror(code))

    def _end(self, connection: Connection, outcome: str, detail: str = "") -> None:
        """Records the exchange and gives the connection up."""
        index = connection.index
        self._record(connection, outcome, detail)
        self._drop(connection)
        self._after(index)

    def _drop(self, connection: Connection) -> None:
        connection.serial += 1
        self.connections.pop(connection.fd, None)
        with contextlib.suppress(OSError, ValueError):
            self.epoll.unregister(connection.fd)
        connection.close()

    def _record(self, connection: Connection, outcome: str, detail: str) -> None:
        flags = (0 if connection.fresh else spill.REUSED) | (spill.RETRIED if connection.retried else 0)
        stamps = connection.stamps
        finished_ns = stamps[-1] if stamps and not outcome else time.monotonic_ns()
        opened = (connection.dialled_ns, connection.connected_ns, connection.secured_ns)
        times = (
            connection.intended_ns,
            connection.sent_ns,
            *(opened if connection.fresh else (0, 0, 0)),
            finished_ns,
        )
        self._write(
            connection.index, times, outcome, flags, stamps, connection.ends, connection.buffer, detail
        )

    def _record_unsent(self, index: int, due_ns: int, outcome: str, detail: str) -> None:
        times = (due_ns, 0, 0, 0, 0, time.monotonic_ns())
        self._write(index, times, outcome, 0, _NO_TIMES, _NO_TIMES, b"", detail)
        self._after(index)

    def _write(
        self,
        index: int,
        times: tuple[int, int, int, int, int, int],
        outcome: str,
        flags: int,
        stamps: array[int],
        ends: array[int],
        data: bytes | bytearray,
        detail: str,
    ) -> None:
        self.finished += 1
        self.failed += bool(outcome)
        self.spill.write(
            index, times, outcome, flags | (spill.WARM_UP if self.warming else 0), stamps, ends, data, detail
        )

    def _after(self, index: int) -> None:
        """What the end of one exchange sets off: the stream's next request, the session's next turn."""
        self.pending -= 1
        now_ns = time.monotonic_ns()
        if self.closed_loop:
            if self.queue and not self.interrupted:
                following = self.queue.popleft()
                heappush(self.delayed, (now_ns + self._think_ns(following), following))
                self.pending += 1
        else:
            for following in self.followers.pop(index, ()):
                due_ns = max(self._planned_ns(following), now_ns + self._think_ns(following))
                heappush(self.delayed, (due_ns, following))

    def _think_ns(self, index: int) -> int:
        if self.warming or not self.think_s:
            return 0
        return int(self.think_s[index - self.job.warm_up] * _NS)

    def _watch(self, connection: Connection, *, write: bool) -> None:
        if connection.watching_write != write:
            connection.watching_write = write
            self.epoll.modify(connection.fd, _BOTH if write else _READABLE)

    # Limits -------------------------------------------------------------------------------------

    def _expire(self, now_ns: int) -> None:
        deadlines = self.deadlines
        while deadlines and (deadlines[0][0] <= now_ns or deadlines[0][1].serial != deadlines[0][2]):
            _, connection, serial = deadlines.popleft()
            if connection.serial == serial:
                self._end(connection, _timeout_class(connection), f"no end within {self.job.timeout_s:g} s")
        while self.waiting and now_ns - self.waiting[0][1] > self.timeout_ns:
            index, due_ns = self.waiting.popleft()
            self._record_unsent(index, due_ns, "timeout_waiting", "no free connection")

    def _control(self) -> None:
        """Standard input speaks only when the run must end: by a word of the parent, or by its death."""
        os.read(0, 4_096)
        self.epoll.unregister(0)
        self.interrupt()

    def interrupt(self) -> None:
        """Ends the run now; what is in flight is recorded as interrupted, what was not begun is left out."""
        self.interrupted = True
        self.queue.clear()
        self.next_index = -1
        self.delayed.clear()
        self.waiting.clear()
        self.followers.clear()
        for connection in list(self.connections.values()):
            if connection.index >= 0:
                self._end(connection, "interrupted")
        self.pending = 0

    def close(self) -> dict[str, float | int | str]:
        """Closes everything; what the process says about itself."""
        for connection in list(self.connections.values()):
            self._drop(connection)
        self.spill.close()
        self.store.close()
        self.timer.close()
        self.epoll.close()
        usage = resource.getrusage(resource.RUSAGE_SELF)
        return {
            "opened": self.opened,
            "reads": self.reads,
            "kernel_stamps": self.kernel.taken,
            "finished": self.finished,
            "failed": self.failed,
            "start_ns": self.start_ns,
            "first_sent_ns": self.first_sent_ns,
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


def _is_connected(sock: socket.socket) -> bool:
    try:
        sock.getpeername()
    except OSError:
        return False
    return True


def _share(total: int, shard: int, shards: int) -> int:
    return total // shards + (shard < total % shards)


def _timeout_class(connection: Connection) -> str:
    if connection.state in (State.CONNECTING, State.SECURING):
        return "timeout_connect"
    if connection.state == State.SENDING:
        return "timeout_send"
    return "timeout_body" if connection.stamps else "timeout_first_byte"


def _certificate_class(error: ssl.SSLCertVerificationError) -> str:
    if error.verify_code == 10:  # X509_V_ERR_CERT_HAS_EXPIRED
        return "tls_certificate_expired"
    if error.verify_code in (62, 64):  # X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH
        return "tls_host_name"
    return "tls_untrusted"


def _tls_context(job: Job) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=job.ca_file or None)
    if not job.verify_tls:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _raise_file_limit() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def main() -> None:
    """Entry point of the load process."""
    _raise_file_limit()
    precedence = take_precedence()
    driver = Driver(read_job(Path(sys.argv[1])), int(sys.argv[2]))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    word = os.read(0, 64)
    if not word.strip():
        return
    driver.epoll.register(0, _READABLE)
    # Nothing that lives now will die before the end, and nothing of the loop makes cycles.
    gc.collect()
    gc.freeze()
    gc.disable()
    before = time.process_time()
    driver.run(int(word))
    loop_cpu_s = time.process_time() - before
    stats = driver.close() | {"loop_cpu_s": loop_cpu_s, "precedence": precedence}
    driver.job.stats_path(driver.shard).write_text(json.dumps(stats))


if __name__ == "__main__":
    main()
