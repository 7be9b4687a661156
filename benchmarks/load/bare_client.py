"""The least that an asyncio client can do: N connections, fixed bytes, wait for the last chunk, send again.

    python benchmarks/load/bare_client.py PORT STREAMS REQUESTS

Prints one JSON line. It parses nothing, records nothing and cannot fail politely: it is the yardstick
for what a Python client costs at the least, not a load generator.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time

import uvloop

from acceltrial.load.idle_states import keep_cores_awake
from acceltrial.load.precedence import take_precedence

BODY = json.dumps(
    {
        "model": "reference",
        "prompt": "time year people way " * 8,
        "max_tokens": 16,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
).encode()
REQUEST = (
    b"POST /v1/completions HTTP/1.1\r\nHost: reference\r\nContent-Type: application/json\r\n"
    b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY
)


class Stream(asyncio.Protocol):
    """One connection that keeps asking until all requests are sent."""

    left = 0
    running = 0
    finished: asyncio.Future[None]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.stamps: list[int] = []
        Stream.running += 1
        self.ask()

    def ask(self) -> None:
        if Stream.left <= 0:
            self.transport.close()
            Stream.running -= 1
            if not Stream.running:
                Stream.finished.set_result(None)
            return
        Stream.left -= 1
        self.stamps.clear()
        self.transport.write(REQUEST)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self.stamps.append(time.monotonic_ns())
        if data.endswith(b"0\r\n\r\n"):
            self.ask()


async def main(port: int, streams: int, requests: int) -> None:
    loop = asyncio.get_running_loop()
    Stream.left, Stream.finished = requests, loop.create_future()
    begun = time.monotonic()
    for _ in range(streams):
        await loop.create_connection(Stream, "127.0.0.1", port)
    await Stream.finished
    wall = time.monotonic() - begun
    usage = resource.getrusage(resource.RUSAGE_SELF)
    cpu_s = usage.ru_utime + usage.ru_stime
    print(json.dumps({"rps": requests / wall, "cpu_s_per_1000": cpu_s * 1_000 / requests}))


if __name__ == "__main__":
    take_precedence()  # as our load process does: equal terms
    keep_cores_awake()
    uvloop.run(main(*map(int, sys.argv[1:4])))
