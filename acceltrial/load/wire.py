"""The connections of a load process: dialled, secured, written to, kept, given up."""

from __future__ import annotations

import contextlib
import errno
import os
import select
import socket
import ssl
import time
from collections import deque
from pathlib import Path

from acceltrial.load import spill
from acceltrial.load.agenda import Agenda
from acceltrial.load.connection import Connection, State
from acceltrial.load.deadlines import Deadlines, timeout_class
from acceltrial.load.framing import MalformedResponse
from acceltrial.load.job import Job, RequestStore
from acceltrial.load.journal import Journal
from acceltrial.load.kernel_stamps import KernelStamps
from acceltrial.load.receiving import plain_receiver, tls_receiver
from acceltrial.load.tls import shake_hands, tls_context

_READABLE = select.EPOLLIN
_BOTH = select.EPOLLIN | select.EPOLLOUT
# Members of an enumeration are looked up slowly, and these are compared once a read.
_SENDING, _RECEIVING, _IDLE = State.SENDING, State.RECEIVING, State.IDLE


class Wire:
    """All connections of one load process on one epoll descriptor.

    Attributes:
        connections: by file descriptor, whatever their state.
        waiting: requests (index, time due) for which there was no free connection.
        first_sent_ns: when the first request of the schedule went out; 0 before that.
    """

    def __init__(self, job: Job, agenda: Agenda, journal: Journal, epoll: select.epoll) -> None:
        self.job, self.agenda, self.journal, self.epoll = job, agenda, journal, epoll
        self.store = RequestStore(Path(job.folder))
        self.tls = tls_context(job) if job.server_name else None
        self.kernel = KernelStamps()
        self.receive = tls_receiver(job, self) if self.tls else plain_receiver(job, self.kernel, self)
        self.connections: dict[int, Connection] = {}
        self.idle: list[Connection] = []
        self.waiting: deque[tuple[int, int]] = deque()
        self.deadlines = Deadlines(job.timeout_s)
        self.address = 0
        self.opened = 0
        self.reads = 0
        self.first_sent_ns = 0

    # Launching ----------------------------------------------------------------------------------

    def launch(self, index: int, due_ns: int) -> None:
        """Sends a request on a kept connection, or a new one, or lets it wait for one."""
        if self.idle:
            connection = self.idle.pop()
            connection.begin(index, due_ns, self.store.read(index))
            self._send(connection)
        elif len(self.connections) < self.job.max_connections:
            self._dial(index, due_ns, retried=False)
        else:
            self.waiting.append((index, due_ns))

    def launch_waiting(self) -> None:
        """Sends what had waited, as far as there are connections now."""
        while self.waiting and (self.idle or len(self.connections) < self.job.max_connections):
            self.launch(*self.waiting.popleft())

    def _dial(self, index: int, due_ns: int, *, retried: bool) -> None:
        family, host, port = self.job.addresses[self.address]
        try:
            connection = Connection(family, self.address)
        except OSError as error:
            self._unsent(index, due_ns, "connect_failed", str(error))
            return
        self.opened += 1
        connection.begin(index, due_ns, self.store.read(index))
        connection.retried = retried
        connection.dialled_ns = time.monotonic_ns()
        self.connections[connection.fd] = connection
        self.kernel.watch(connection.socket)
        self.deadlines.add(connection, connection.dialled_ns)
        self.epoll.register(connection.fd, _BOTH)
        connection.watching_write = True
        code = connection.socket.connect_ex((host, port))
        if code not in (0, errno.EINPROGRESS):
            self._connect_failed(connection, code)

    # One connection's progress ------------------------------------------------------------------

    def on_event(self, connection: Connection) -> None:
        """Something can be done with the connection's socket."""
        state = connection.state
        if state == _RECEIVING:
            self.reads += 1
            self.receive(connection)
        elif state == _SENDING:
            self._push(connection)
        elif state == _IDLE:
            # Nothing was asked: the server closed, or it talks out of turn. Either way it is of no more use.
            self.idle.remove(connection)
            self.drop(connection)
        else:
            self._open(connection)

    def _open(self, connection: Connection) -> None:
        if connection.state == State.CONNECTING:
            code = connection.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if code:
                self._connect_failed(connection, code)
                return
            if not connection.is_connected():
                return  # the event was of an earlier socket with the same number
            connection.connected_ns = time.monotonic_ns()
            if self.tls is None:
                self._start_sending(connection)
                return
            connection.secure(self.tls, self.job.server_name)
            connection.state = State.SECURING
        self._handshake(connection)

    def _handshake(self, connection: Connection) -> None:
        step = shake_hands(connection.socket)
        if step.outcome:
            self.end(connection, step.outcome, step.detail)
        elif step.waits_to_write is not None:
            self._watch(connection, write=step.waits_to_write)
        else:
            connection.secured_ns = time.monotonic_ns()
            self._start_sending(connection)

    def _start_sending(self, connection: Connection) -> None:
        self._watch(connection, write=False)
        self._send(connection)

    def _send(self, connection: Connection) -> None:
        now_ns = time.monotonic_ns()
        connection.sent_ns = now_ns
        if not self.first_sent_ns and not self.agenda.warming:
            self.first_sent_ns = now_ns
        if not connection.fresh:
            self.deadlines.add(connection, now_ns)
        self._push(connection)

    def _push(self, connection: Connection) -> None:
        outgoing = connection.outgoing
        assert outgoing is not None
        try:
            sent = connection.socket.send(outgoing)
        except (BlockingIOError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
            sent = 0
        except OSError as error:
            self.broken(connection, error)
            return
        if sent == len(outgoing):
            connection.outgoing = None
            connection.state = _RECEIVING
            if connection.watching_write:
                self._watch(connection, write=False)
            return
        connection.outgoing = memoryview(outgoing)[sent:]
        connection.state = _SENDING
        self._watch(connection, write=True)

    def _watch(self, connection: Connection, *, write: bool) -> None:
        if connection.watching_write != write:
            connection.watching_write = write
            self.epoll.modify(connection.fd, _BOTH if write else _READABLE)

    # Endings ------------------------------------------------------------------------------------

    def complete(self, connection: Connection) -> None:
        """The whole answer is there: the connection is kept where the server keeps it."""
        framing = connection.framing
        reusable = framing.keep_alive and self.job.keep_alive and framing.end == len(connection.buffer)
        if not reusable:
            self.end(connection, spill.COMPLETE)
            return
        index = connection.index
        self.journal.ended(connection, spill.COMPLETE)
        connection.finish()
        connection.state = _IDLE
        self.idle.append(connection)
        self.agenda.ended(index, time.monotonic_ns())

    def closed_by_server(self, connection: Connection) -> None:
        """An answer without a length ends so; any other is cut short."""
        if not connection.stamps and not connection.fresh and not connection.retried:
            self._retry(connection)
            return
        try:
            whole = connection.framing.complete_at_close(connection.buffer)
        except MalformedResponse as error:
            self.end(connection, "malformed_http", str(error))
            return
        if whole and connection.stamps:
            self.end(connection, spill.COMPLETE)
        else:
            self.end(connection, "closed_early", f"{len(connection.buffer)} bytes received")

    def broken(self, connection: Connection, error: OSError) -> None:
        """The connection failed under the exchange."""
        if not connection.stamps and not connection.fresh and not connection.retried:
            self._retry(connection)
        else:
            self.end(connection, "reset", os.strerror(error.errno) if error.errno else str(error))

    def end(self, connection: Connection, outcome: str, detail: str = "") -> None:
        """Writes the exchange down and gives the connection up."""
        index = connection.index
        self.journal.ended(connection, outcome, detail)
        self.drop(connection)
        self.agenda.ended(index, time.monotonic_ns())

    def drop(self, connection: Connection) -> None:
        """Closes a connection without a word about its exchange."""
        connection.serial += 1
        self.connections.pop(connection.fd, None)
        with contextlib.suppress(OSError, ValueError):
            self.epoll.unregister(connection.fd)
        connection.close()

    def _retry(self, connection: Connection) -> None:
        """A kept connection that closes as we write says nothing of the request: dial anew, once."""
        index, intended_ns = connection.index, connection.intended_ns
        self.drop(connection)
        self._dial(index, intended_ns, retried=True)

    def _connect_failed(self, connection: Connection, code: int) -> None:
        if self.address + 1 < len(self.job.addresses) and not self.journal.finished:
            # Another address of the same name may answer (IPv6 first, a server on IPv4 only).
            if connection.address == self.address:
                self.address += 1
            index, intended_ns = connection.index, connection.intended_ns
            self.drop(connection)
            self._dial(index, intended_ns, retried=False)
            return
        outcome = "connect_refused" if code == errno.ECONNREFUSED else "connect_failed"
        self.end(connection, outcome, os.strerror(code))

    def _unsent(self, index: int, due_ns: int, outcome: str, detail: str) -> None:
        self.journal.unsent(index, due_ns, outcome, detail)
        self.agenda.ended(index, time.monotonic_ns())

    # Limits -------------------------------------------------------------------------------------

    def expire(self, now_ns: int) -> None:
        """Ends what has taken longer than the job allows."""
        for connection in self.deadlines.expired(now_ns):
            self.end(connection, timeout_class(connection), f"no end within {self.job.timeout_s:g} s")
        while self.waiting and now_ns - self.waiting[0][1] > self.deadlines.timeout_ns:
            index, due_ns = self.waiting.popleft()
            self._unsent(index, due_ns, "timeout_waiting", "no free connection")

    def interrupt(self) -> None:
        """Ends what is in flight as interrupted."""
        self.waiting.clear()
        for connection in list(self.connections.values()):
            if connection.index >= 0:
                self.end(connection, "interrupted")

    def close(self) -> None:
        """Closes every connection."""
        for connection in list(self.connections.values()):
            self.drop(connection)
        self.store.close()
