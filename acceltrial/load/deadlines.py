"""Which request in flight runs out of time next."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from acceltrial.load.connection import Connection, State

_NS = 1_000_000_000


class Deadlines:
    """The limits of all exchanges. They are equally long: the first to begin is the first to expire.

    Attributes:
        queue: (time, connection, serial of the exchange) in order of time; an exchange that has ended
            stays in it until its turn comes.
    """

    def __init__(self, timeout_s: float) -> None:
        self.timeout_ns = int(timeout_s * _NS)
        self.queue: deque[tuple[int, Connection, int]] = deque()

    def add(self, connection: Connection, begun_ns: int) -> None:
        """The exchange that the connection carries began now."""
        self.queue.append((begun_ns + self.timeout_ns, connection, connection.serial))

    def next_ns(self) -> int:
        """When the first request in flight runs out of time; 0 where none is."""
        queue = self.queue
        while queue and queue[0][1].serial != queue[0][2]:
            queue.popleft()
        return queue[0][0] if queue else 0

    def expired(self, now_ns: int) -> Iterator[Connection]:
        """The connections whose exchange has taken too long, taken out of the queue."""
        queue = self.queue
        while queue and (queue[0][0] <= now_ns or queue[0][1].serial != queue[0][2]):
            _, connection, serial = queue.popleft()
            if connection.serial == serial:
                yield connection


def timeout_class(connection: Connection) -> str:
    """The error class of an exchange that ran out of time, by how far it had come."""
    if connection.state in (State.CONNECTING, State.SECURING):
        return "timeout_connect"
    if connection.state == State.SENDING:
        return "timeout_send"
    return "timeout_body" if connection.stamps else "timeout_first_byte"
