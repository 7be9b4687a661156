"""Small bounded HTTP requests to a target: for readiness and availability, never for measuring."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

MAX_BODY = 1_000_000


@dataclass(slots=True)
class Answer:
    """What came back; `status` is None and `problem` says why when nothing usable did."""

    status: int | None = None
    content_type: str = ""
    body: bytes = b""
    problem: str = ""
    seconds: float = 0.0

    def json(self) -> Any:
        """The body as JSON, or None when it is not."""
        try:
            return json.loads(self.body)
        except (ValueError, UnicodeDecodeError):
            return None


def get(url: str, *, connect_s: float, total_s: float, headers: Mapping[str, str] | None = None) -> Answer:
    """The answer to GET `url`. Returns within about `total_s` seconds, whatever the other side does."""
    return _bounded("GET", url, None, connect_s, total_s, headers or {})


def post_json(
    url: str, body: Any, *, connect_s: float, total_s: float, headers: Mapping[str, str] | None = None
) -> Answer:
    """The answer to POST `url` with a JSON body. Bounded as `get` is."""
    data = json.dumps(body).encode()
    return _bounded(
        "POST", url, data, connect_s, total_s, {"content-type": "application/json", **(headers or {})}
    )


def _bounded(
    method: str, url: str, data: bytes | None, connect_s: float, total_s: float, headers: Mapping[str, str]
) -> Answer:
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        return Answer(problem="the URL's port is not a number")
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return Answer(problem="not an http or https URL")
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname, port, timeout=connect_s)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    answer = Answer(problem=f"no answer within {total_s:g} s")
    done = threading.Event()

    # Name resolution and a dribbling server escape socket timeouts: only a second thread bounds them.
    def exchange() -> None:
        nonlocal answer
        answer = _exchange(connection, method, path, data, headers, total_s)
        done.set()

    start = time.monotonic()
    threading.Thread(target=exchange, daemon=True).start()
    finished = done.wait(total_s)
    _close(connection)
    result = answer if finished else Answer(problem=f"no answer within {total_s:g} s")
    result.seconds = time.monotonic() - start
    return result


def _exchange(
    connection: http.client.HTTPConnection,
    method: str,
    path: str,
    data: bytes | None,
    headers: Mapping[str, str],
    total_s: float,
) -> Answer:
    try:
        connection.connect()
        connection.sock.settimeout(total_s)
        connection.request(method, path, body=data, headers=dict(headers))
        response = connection.getresponse()
        body = response.read(MAX_BODY)
        if response.length and len(body) < MAX_BODY:
            return Answer(problem="the connection was lost in the middle of the answer")
    except TimeoutError:
        return Answer(problem="it did not answer in time")
    except ConnectionRefusedError:
        return Answer(problem="connection refused")
    except ssl.SSLError as error:
        return Answer(problem=f"TLS failed: {error.reason or error}")
    except socket.gaierror:
        return Answer(problem="the host name does not resolve")
    except (OSError, http.client.HTTPException, ValueError, AttributeError) as error:
        return Answer(problem=f"{type(error).__name__}: {str(error)[:120] or 'connection lost'}")
    return Answer(response.status, response.getheader("content-type", "") or "", body)


def _close(connection: http.client.HTTPConnection) -> None:
    sock = connection.sock
    if sock is not None:
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)
    connection.close()
