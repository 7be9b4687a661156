"""One client connection and the exchange that it carries."""

from __future__ import annotations

import socket
import ssl
from array import array
from enum import IntEnum

from acceltrial.load.framing import Framing


class State(IntEnum):
    """Where a connection stands."""

    CONNECTING = 0
    SECURING = 1
    SENDING = 2
    RECEIVING = 3
    IDLE = 4
    CLOSED = 5


class Connection:
    """A socket, its state, and the stamps and bytes of the exchange in flight."""

    __slots__ = (
        "address", "buffer", "connected_ns", "dialled_ns", "ends", "fd", "framing", "fresh",
        "index", "intended_ns", "outgoing", "receive_into", "retried", "secured_ns", "sent_ns",
        "serial", "socket", "stamps", "state", "watching_write",
    )  # fmt: skip

    def __init__(self, family: int, address: int) -> None:
        self.socket: socket.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.setblocking(False)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.fd = self.socket.fileno()
        self.receive_into = self.socket.recvmsg_into
        self.address = address
        self.state = State.CONNECTING
        self.framing = Framing()
        self.serial = 0
        self.index = -1
        self.intended_ns = self.sent_ns = 0
        self.dialled_ns = self.connected_ns = self.secured_ns = 0
        self.fresh = True
        self.retried = False
        self.watching_write = False
        self.outgoing: bytes | memoryview | None = None
        self.buffer = bytearray()
        self.stamps = array("q")
        self.ends = array("q")

    def begin(self, index: int, intended_ns: int, request: bytes) -> None:
        """Takes up one exchange."""
        self.serial += 1
        self.index = index
        self.intended_ns = intended_ns
        self.sent_ns = 0
        self.outgoing = request
        self.framing.reset()

    def finish(self) -> None:
        """Forgets the exchange that ended; the buffers are replaced so that none is shared."""
        self.serial += 1
        self.index = -1
        self.outgoing = None
        self.fresh = False
        self.retried = False
        self.buffer = bytearray()
        self.stamps = array("q")
        self.ends = array("q")

    def secure(self, context: ssl.SSLContext, server_name: str) -> None:
        """Starts TLS on the connected socket."""
        self.socket = context.wrap_socket(
            self.socket, server_hostname=server_name, do_handshake_on_connect=False
        )

    def is_connected(self) -> bool:
        """Whether the other side has been reached."""
        try:
            self.socket.getpeername()
        except OSError:
            return False
        return True

    def close(self) -> None:
        """Gives the socket back."""
        self.state = State.CLOSED
        self.socket.close()
