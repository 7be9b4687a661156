"""Reading what came on one connection: a stamp a read, the bytes kept, the framing followed."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable
from typing import Protocol

from acceltrial.load.connection import Connection
from acceltrial.load.framing import MalformedResponse
from acceltrial.load.job import Job
from acceltrial.load.kernel_stamps import ANCILLARY_SIZE, KernelStamps

_READ = 65_536
_MAX_READS = 1_000_000
_END = b"\r\n\r\n"


class Endings(Protocol):
    """Who is told how an exchange ended."""

    def complete(self, connection: Connection) -> None:
        """The whole answer is there."""

    def closed_by_server(self, connection: Connection) -> None:
        """The server closed the connection."""

    def broken(self, connection: Connection, error: OSError) -> None:
        """The connection failed."""

    def end(self, connection: Connection, outcome: str, detail: str = "") -> None:
        """The exchange failed in the way that is named."""


def plain_receiver(job: Job, kernel: KernelStamps, to: Endings) -> Callable[[Connection], None]:
    """Reads once from a plain socket. A closure, since it runs once a token and looks up many names."""
    # One inbox for all reads: a new bytes object a read fragments the heap.
    inbox = bytearray(_READ)
    view, inboxes = memoryview(inbox), [inbox]
    clock, stamp, most_bytes = time.monotonic_ns, kernel.stamp, job.max_response_bytes

    def receive(connection: Connection) -> None:
        try:
            size, ancillary, _, _ = connection.receive_into(inboxes, ANCILLARY_SIZE)
        except BlockingIOError:
            return
        except OSError as error:
            to.broken(connection, error)
            return
        now_ns = clock()
        if not size:
            to.closed_by_server(connection)
            return
        buffer, stamps = connection.buffer, connection.stamps
        buffer += view[:size]
        if ancillary:
            now_ns = stamp(ancillary[0][2], stamps[-1] if stamps else connection.sent_ns, now_ns)
        stamps.append(now_ns)
        connection.ends.append(len(buffer))
        framing = connection.framing
        # A token's read cannot end the response: the common case is told without a call.
        within = len(buffer) <= most_bytes and len(stamps) <= _MAX_READS
        if framing.strict and within and not buffer.endswith(_END):
            return
        follow(connection, most_bytes, to)

    return receive


def tls_receiver(job: Job, to: Endings) -> Callable[[Connection], None]:
    """Reads from a TLS socket until nothing is left in it: what is decrypted wakes nobody again."""
    inbox = bytearray(_READ)
    view = memoryview(inbox)

    def receive(connection: Connection) -> None:
        serial = connection.serial
        while connection.serial == serial:
            try:
                size = connection.socket.recv_into(inbox)
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                return
            except OSError as error:
                to.broken(connection, error)
                return
            if not size:
                to.closed_by_server(connection)
                return
            connection.buffer += view[:size]
            connection.stamps.append(time.monotonic_ns())
            connection.ends.append(len(connection.buffer))
            follow(connection, job.max_response_bytes, to)
            if connection.serial == serial and not connection.socket.pending():  # type: ignore[attr-defined]
                return

    return receive


def follow(connection: Connection, most_bytes: int, to: Endings) -> None:
    """Ends the exchange where the bytes so far are the whole answer, no HTTP, or too much of it."""
    try:
        complete = connection.framing.complete(connection.buffer)
    except MalformedResponse as error:
        to.end(connection, "malformed_http", str(error))
        return
    if complete:
        to.complete(connection)
    elif len(connection.buffer) > most_bytes or len(connection.stamps) > _MAX_READS:
        told = f"{len(connection.buffer)} bytes in {len(connection.stamps)} reads"
        to.end(connection, "response_too_large", told)
