"""Reading from one socket, and who is told. Whole servers that misbehave are in test_driver.py."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from acceltrial.load.connection import Connection
from acceltrial.load.kernel_stamps import KernelStamps
from acceltrial.load.receiving import plain_receiver
from tests.acceltrial.load.conftest import STREAM_HEAD, chunk, reset, token
from tests.acceltrial.load.test_processes import job


class Told:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.words: list[str] = []

    def complete(self, _connection: Connection) -> None:
        self.words.append("complete")

    def closed_by_server(self, _connection: Connection) -> None:
        self.words.append("closed")

    def broken(self, _connection: Connection, error: OSError) -> None:
        self.words.append(type(error).__name__)

    def end(self, _connection: Connection, outcome: str, _detail: str = "") -> None:
        self.words.append(outcome)


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (b"", []),
        (STREAM_HEAD + chunk(token(" a")), []),
        (STREAM_HEAD + chunk(token(" a")) + b"0\r\n\r\n", ["complete"]),
        (b"HTTP/1.1 204 No Content\r\n\r\n", ["complete"]),
        (b"not HTTP", ["malformed_http"]),
        (STREAM_HEAD + chunk(b"x" * 2_000), ["response_too_large"]),
    ],
)
def test_one_read(tmp_path: Path, sent: bytes, expected: list[str]) -> None:
    told = Told()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        connection, server = _pair(listener)
        receive = plain_receiver(job(tmp_path), KernelStamps(), told)
        server.sendall(sent)
        receive(connection)
        assert told.words == expected
        assert connection.buffer == sent
        assert len(connection.stamps) == len(connection.ends) == bool(sent)
        server.close()
        receive(connection)
        assert told.words == [*expected, "closed"]
        connection.close()


def test_a_reset_is_told(tmp_path: Path) -> None:
    told = Told()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        connection, server = _pair(listener)
        reset(server)
        plain_receiver(job(tmp_path), KernelStamps(), told)(connection)
        connection.close()
    assert told.words == ["ConnectionResetError"]


def _pair(listener: socket.socket) -> tuple[Connection, socket.socket]:
    connection = Connection(socket.AF_INET, 0)
    connection.socket.setblocking(True)
    connection.socket.connect(listener.getsockname())
    connection.socket.setblocking(False)
    connection.begin(0, 0, b"")
    server, _ = listener.accept()
    return connection, server
