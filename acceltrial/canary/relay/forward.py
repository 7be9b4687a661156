"""One request sent on to one upstream server, its answer passed back as it comes, its times noted."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from dataclasses import dataclass

from acceltrial.canary.relay.http import MAX_HEAD, Head, RelayError, pass_body, read_head

HOP_BY_HOP = frozenset({b"connection", b"keep-alive", b"proxy-connection", b"te", b"upgrade", b"host"})


@dataclass
class Exchange:
    """What happened to one request. Times are of this process's monotonic clock, in seconds."""

    arm: str
    started: float
    first_byte: float | None = None
    ended: float | None = None
    status: int | None = None
    error: str = ""
    bytes: int = 0

    @property
    def ok(self) -> bool:
        """Answered whole and not with a server's error or refusal for load."""
        return not self.error and self.status is not None and self.status < 500 and self.status != 429


@dataclass(frozen=True)
class Upstream:
    """Where an arm's server listens."""

    host: str
    port: int


Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Pool:
    """Idle connections to upstream servers, kept for the next request."""

    def __init__(self) -> None:
        self._idle: dict[Upstream, list[tuple[asyncio.StreamReader, asyncio.StreamWriter]]] = defaultdict(
            list
        )

    async def take(self, upstream: Upstream) -> tuple[asyncio.StreamReader, asyncio.StreamWriter, bool]:
        """A connection and whether it was used before. Raises RelayError."""
        while self._idle[upstream]:
            reader, writer = self._idle[upstream].pop()
            if not reader.at_eof() and not writer.is_closing():
                return reader, writer, True
            writer.close()
        try:
            reader, writer = await asyncio.wait_for(
                asyncio.open_connection(upstream.host, upstream.port, limit=MAX_HEAD), timeout=5
            )
        except (OSError, TimeoutError) as error:
            raise RelayError("connect", str(error)) from error
        return reader, writer, False

    def give_back(self, upstream: Upstream, pair: Connection) -> None:
        """Keeps the connection for another request."""
        self._idle[upstream].append(pair)


async def read_request(reader: asyncio.StreamReader) -> tuple[Head, bytes] | None:
    """The next request with its whole body, or None when the client is done. Raises RelayError."""
    head = await read_head(reader)
    if head is None:
        return None
    body = bytearray()
    await pass_body(head, reader, body.extend, until_close=False)
    return head, bytes(body)


async def forward(
    head: Head,
    body: bytes,
    upstream: Upstream,
    pool: Pool,
    client: asyncio.StreamWriter,
    exchange: Exchange,
    *,
    timeout_s: float,
    spare_connect_errors: bool = False,
) -> bool:
    """Sends the request on and the answer back; whether the client's connection can go on.

    `exchange` is filled in. A failure before the first byte of an answer becomes a 502 or 504 for the
    client, or nothing when `spare_connect_errors` and no connection was had: then the caller may send it
    elsewhere. After the first byte the client's connection is closed, as the answer cannot be mended.
    """
    try:
        keep = await asyncio.wait_for(_exchange(head, body, upstream, pool, client, exchange), timeout_s)
    except (RelayError, TimeoutError) as error:
        exchange.error = error.kind if isinstance(error, RelayError) else "timeout"
        keep = exchange.status is None and head.keep_alive
        if exchange.status is None and not (spare_connect_errors and exchange.error == "connect"):
            code = b"504 Gateway Timeout" if exchange.error == "timeout" else b"502 Bad Gateway"
            client.write(b"HTTP/1.1 " + code + b"\r\ncontent-length: 0\r\n\r\n")
    except ConnectionError:
        exchange.error, keep = "client_gone", False
    exchange.ended = time.monotonic()
    return keep


async def _exchange(
    head: Head,
    body: bytes,
    upstream: Upstream,
    pool: Pool,
    client: asyncio.StreamWriter,
    exchange: Exchange,
) -> bool:
    host = f"host: {upstream.host}:{upstream.port}\r\n".encode()
    request = head.encode(without=HOP_BY_HOP, extra=host) + body
    answer = None
    while answer is None:
        reader, writer, reused = await pool.take(upstream)
        try:
            writer.write(request)
            answer = await read_head(reader)
        except (RelayError, ConnectionError) as error:
            writer.close()
            if not reused:
                raise RelayError("reset", str(error)) from error
            continue  # the server had closed the idle connection: nothing was answered, so send it anew
        except asyncio.CancelledError:
            writer.close()
            raise
        if answer is None:
            writer.close()
            if not reused:
                raise RelayError("reset", "closed without an answer")
    try:
        return await _answer(head, answer, reader, writer, pool, upstream, client, exchange)
    except BaseException:
        writer.close()
        raise


async def _answer(
    head: Head,
    answer: Head,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    pool: Pool,
    upstream: Upstream,
    client: asyncio.StreamWriter,
    exchange: Exchange,
) -> bool:
    exchange.status = _status(answer)

    def pass_on(data: bytes) -> None:
        if exchange.first_byte is None:
            exchange.first_byte = time.monotonic()
        client.write(data)

    client.write(answer.encode(without=frozenset({b"connection", b"keep-alive"})))
    framed = bool(answer.get(b"content-length") or answer.get(b"transfer-encoding"))
    empty = head.start.startswith(b"HEAD ") or exchange.status in (204, 304)
    if not empty:
        exchange.bytes = await pass_body(answer, reader, pass_on, until_close=not framed)
    await client.drain()
    if (framed or empty) and answer.keep_alive:
        pool.give_back(upstream, (reader, writer))
    else:
        writer.close()
    return head.keep_alive and (framed or empty)


def _status(answer: Head) -> int:
    try:
        return int(answer.start.split(b" ", 2)[1])
    except (IndexError, ValueError) as error:
        raise RelayError("protocol", "no status in the answer") from error
