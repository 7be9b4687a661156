"""Relaying one HTTP/1.1 exchange between two streams, body framing kept, bytes passed on as they come."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

MAX_HEAD = 65536
CHUNK = 65536


class RelayError(Exception):
    """The exchange broke; `kind` says how: connect, timeout, reset, protocol."""

    def __init__(self, kind: str, text: str = "") -> None:
        self.kind = kind
        super().__init__(text or kind)


@dataclass(frozen=True)
class Head:
    """The start line and headers of a message, names in lower case."""

    start: bytes
    headers: tuple[tuple[bytes, bytes], ...]

    def get(self, name: bytes) -> bytes:
        """The value of the header `name` (lower case), empty when absent."""
        return next((value for key, value in self.headers if key == name), b"")

    @property
    def keep_alive(self) -> bool:
        """Whether the connection can carry another exchange."""
        connection = self.get(b"connection").lower()
        return b"close" not in connection and (b"HTTP/1.0" not in self.start or b"keep-alive" in connection)

    def encode(self, *, without: frozenset[bytes] = frozenset(), extra: bytes = b"") -> bytes:
        """The bytes of the head."""
        lines = [b"%s: %s\r\n" % pair for pair in self.headers if pair[0] not in without]
        return self.start + b"\r\n" + b"".join(lines) + extra + b"\r\n"


async def read_head(reader: asyncio.StreamReader) -> Head | None:
    """The next message's head; None when the other side closed. Raises RelayError."""
    try:
        raw = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        if error.partial:
            raise RelayError("protocol", "the head ended early") from error
        return None
    except asyncio.LimitOverrunError as error:
        raise RelayError("protocol", "the head is too long") from error
    except ConnectionError as error:
        raise RelayError("reset") from error
    start, *lines = raw[:-4].split(b"\r\n")
    headers = []
    for line in lines:
        name, colon, value = line.partition(b":")
        if not colon:
            raise RelayError("protocol", "a header without a colon")
        headers.append((name.strip().lower(), value.strip()))
    return Head(start, tuple(headers))


Sink = Callable[[bytes], None]


async def pass_body(head: Head, reader: asyncio.StreamReader, sink: Sink, *, until_close: bool) -> int:
    """Gives every byte of the body to `sink` as it comes; the number of bytes. Raises RelayError.

    A message without length or chunks has no body, or goes on until the sender closes.
    """
    try:
        if b"chunked" in head.get(b"transfer-encoding").lower():
            return await _chunks(reader, sink)
        length = head.get(b"content-length")
        if length:
            return await _exactly(reader, int(length), sink)
        return await _rest(reader, sink) if until_close else 0
    except asyncio.IncompleteReadError as error:
        raise RelayError("reset", "the body ended early") from error
    except (ConnectionError, ValueError, asyncio.LimitOverrunError) as error:
        raise RelayError("protocol" if isinstance(error, ValueError) else "reset", str(error)) from error


async def _exactly(reader: asyncio.StreamReader, length: int, sink: Sink) -> int:
    left = length
    while left:
        data = await reader.read(min(left, CHUNK))
        if not data:
            raise RelayError("reset", "the body ended early")
        left -= len(data)
        sink(data)
    return length


async def _chunks(reader: asyncio.StreamReader, sink: Sink) -> int:
    total = 0
    while True:
        line = await reader.readuntil(b"\r\n")
        size = int(line.split(b";")[0], 16)
        sink(line + await reader.readexactly(size + 2))
        total += size
        if size == 0:
            return total


async def _rest(reader: asyncio.StreamReader, sink: Sink) -> int:
    total = 0
    while data := await reader.read(CHUNK):
        total += len(data)
        sink(data)
    return total
