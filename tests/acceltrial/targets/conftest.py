"""Real sockets that misbehave."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator

import pytest

Handler = Callable[[socket.socket], None]


def _answer(head: bytes, body: bytes) -> Handler:
    def handle(peer: socket.socket) -> None:
        peer.recv(65536)
        peer.sendall(head + b"\r\ncontent-length: %d\r\nconnection: close\r\n\r\n" % len(body) + body)
        peer.close()

    return handle


def _hang(peer: socket.socket) -> None:
    peer.recv(65536)
    threading.Event().wait(30)


def _dribble(peer: socket.socket) -> None:
    peer.recv(65536)
    for byte in b"HTTP/1.1 200 OK\r\n" + b"x-pad: " + b"a" * 10_000:
        peer.sendall(bytes([byte]))
        threading.Event().wait(0.05)


def _die(peer: socket.socket) -> None:
    peer.recv(65536)
    peer.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{")
    peer.close()


HANDLERS: dict[str, Handler] = {
    "html": _answer(b"HTTP/1.1 200 OK\r\ncontent-type: text/html", b"<html><script>alert(1)</script></html>"),
    "json": _answer(b"HTTP/1.1 200 OK\r\ncontent-type: application/json", b'{"data":[]}'),
    "key": _answer(b"HTTP/1.1 401 Unauthorized\r\ncontent-type: application/json", b'{"error":"key"}'),
    "broken": _answer(b"HTTP/1.1 500 Oops\r\ncontent-type: application/json", b'{"error":"x"}'),
    "nonsense": _answer(b"SSH-2.0-OpenSSH_9", b"\x00\xff"),
    "hangs": _hang,
    "dribbles": _dribble,
    "dies": _die,
}


@pytest.fixture
def bad_server() -> Iterator[Callable[[str], str]]:
    """Gives the URL of a loopback server that behaves as named; `refuses` is a port that nobody holds."""
    listeners: list[socket.socket] = []

    def start(name: str) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        if name == "refuses":
            listener.close()
            return f"http://127.0.0.1:{port}/v1"
        listeners.append(listener)

        def accept() -> None:
            while True:
                try:
                    peer, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=_guarded, args=(HANDLERS[name], peer), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        return f"http://127.0.0.1:{port}/v1"

    yield start
    for listener in listeners:
        listener.close()


def _guarded(handler: Handler, peer: socket.socket) -> None:
    try:
        handler(peer)
    except OSError:
        peer.close()
