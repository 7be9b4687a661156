"""A misbehaving server on a real socket, and a short run against it."""

from __future__ import annotations

import json
import os
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from acceltrial.load import LoadPlan, Schedule
from acceltrial.load.run import Drive, drive

Handler = Callable[[socket.socket], None]


def event(content: dict[str, Any] | str) -> bytes:
    text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
    return f"data: {text}\n\n".encode()


def token(text: str, finish: str | None = None) -> bytes:
    return event({"choices": [{"index": 0, "text": text, "finish_reason": finish}]})


def usage(prompt: int, output: int) -> bytes:
    return event({"choices": [], "usage": {"prompt_tokens": prompt, "completion_tokens": output}})


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


STREAM_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
DONE = event("[DONE]")
LAST = b"0\r\n\r\n"


def good_stream(words: tuple[str, ...] = (" Grüße", " 世界", " 🙂")) -> bytes:
    """A complete streamed answer with text outside ASCII."""
    body = b"".join(chunk(token(word)) for word in words)
    return STREAM_HEAD + body + chunk(token("", "stop")) + chunk(usage(5, len(words))) + chunk(DONE) + LAST


def whole(body: bytes, status: str = "200 OK", extra: str = "", version: str = "HTTP/1.1") -> bytes:
    head = (
        f"{version} {status}\r\nContent-Type: application/json\r\n{extra}Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def read_request(connection: socket.socket) -> bytes:
    """One whole request; empty when the client closed.

    Raises ConnectionAbortedError for one without a body, such as a look at the server's metrics.
    """
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65_536)
        if not more:
            return b""
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    _, announced, length = head.lower().partition(b"content-length:")
    if not announced:
        raise ConnectionAbortedError("only requests with a body are served")
    while len(body) < int(length.split(b"\r\n")[0]):
        more = connection.recv(65_536)
        if not more:
            return b""
        body += more
    return head + b"\r\n\r\n" + body


def reset(connection: socket.socket) -> None:
    """Closes with RST instead of FIN."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def answering(answer: bytes, *, close: bool = False) -> Handler:
    """Sends the same bytes to every request."""

    def handle(connection: socket.socket) -> None:
        while read_request(connection):
            connection.sendall(answer)
            if close:
                return

    return handle


def serve(connection: socket.socket, handler: Handler, context: ssl.SSLContext | None = None) -> None:
    """Gives the connection to the handler, until either side ends it."""
    with suppress(OSError):
        if context is not None:
            connection = context.wrap_socket(connection, server_side=True)
        handler(connection)
    with suppress(OSError):
        connection.close()


@contextmanager
def socket_server(
    handler: Handler, context: ssl.SSLContext | None = None, host: str = "127.0.0.1"
) -> Iterator[int]:
    """The port of a server that gives each connection to `handler` in a thread of its own."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, 0), family=family, backlog=512)
    accepted: list[socket.socket] = []

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                accepted.append(connection)
                threading.Thread(target=serve, args=(connection, handler, context), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.close()
        for connection in accepted:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


def drive_port(
    port: int, *, requests: int = 4, scheme: str = "http", host: str = "127.0.0.1", **changes: Any
) -> Drive:
    """A short run of plain requests in two streams."""
    schedule = Schedule.closed_loop(2, requests=requests, output_tokens=3, prompts=["hello"] * requests)
    given: dict[str, Any] = {"schedule": schedule, "timeout_s": 1.0, "keep_text": True, "calibrate": False}
    return drive(LoadPlan(f"{scheme}://{host}:{port}/v1", "completions", "m", **(given | changes)))


def classes(driven: Drive) -> set[str | None]:
    """How the requests failed; None for those that did not."""
    return set(driven.records["error_class"].to_list())


@pytest.fixture(scope="session")
def libraries_are_loaded() -> None:
    """Libraries open descriptors of their own on first use."""
    with socket_server(answering(good_stream())) as port:
        drive_port(port)


@pytest.fixture
def nothing_is_left(libraries_are_loaded: None) -> Iterator[None]:
    """No run may leave a process, a descriptor or a temporary folder behind."""
    before = len(psutil.Process().children()), psutil.Process().num_fds()
    yield
    deadline = time.monotonic() + 5
    while psutil.Process().num_fds() > before[1] + 2 and time.monotonic() < deadline:
        time.sleep(0.02)  # the server's threads are still closing their sockets
    assert len(psutil.Process().children()) == before[0]
    assert psutil.Process().num_fds() <= before[1] + 2
    assert not list(Path(os.environ.get("TMPDIR", "/tmp")).glob(f"acceltrial-load-{os.getpid()}-*"))


@pytest.fixture
def run_against() -> Callable[..., Drive]:
    """Runs against a server that handles each connection as told."""

    def run(handler: Handler, *, tls: ssl.SSLContext | None = None, **changes: Any) -> Drive:
        with socket_server(handler, tls) as port:
            return drive_port(port, scheme="https" if tls else "http", **changes)

    return run


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., tuple[ssl.SSLContext, Path]]:
    """Makes a self-signed certificate: a server context and the file to trust."""
    x509 = pytest.importorskip("cryptography.x509")
    from datetime import UTC, datetime, timedelta

    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    def make(name: str, *, days: int) -> tuple[ssl.SSLContext, Path]:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        now = datetime.now(UTC)
        built = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=10))
            .not_valid_after(now + timedelta(days=days))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        folder = tmp_path_factory.mktemp("tls")
        pem = built.public_bytes(serialization.Encoding.PEM)
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        (folder / "server.pem").write_bytes(private + pem)
        (folder / "ca.pem").write_bytes(pem)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "server.pem")
        return context, folder / "ca.pem"

    return make
