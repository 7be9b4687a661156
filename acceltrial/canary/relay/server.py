"""The hop's process: `python -m acceltrial.canary.relay.server` reads its orders as JSON from stdin.

Orders of a split: {"mode": "split", "baseline": [host, port], "canary": [host, port], "token": …,
"timeout_s": …, "seed": …, "owner": pid or null}. Orders of a degraded hop: {"mode": "degrade",
"upstream": [host, port], "delay_share": …, "delay_s": …, "fail_share": …, "template": …, …}. Orders of a
translating hop: {"mode": "translate", "upstream": [host, port], "fields": {…}, "headers": {…}, …}. It answers
with one JSON line of its ports and then serves on loopback until it is told to end or its owner is gone.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import os
import random
import statistics
import sys
import time
from collections import deque
from typing import Any

from acceltrial.canary.lease import RefusedError
from acceltrial.canary.relay.body import in_template, with_fields, with_headers
from acceltrial.canary.relay.control import SplitState
from acceltrial.canary.relay.forward import Exchange, Pool, Upstream, forward, read_request
from acceltrial.canary.relay.http import MAX_HEAD, Head, RelayError

STICKY = b"x-canary-key"
RECENT = 25
"""The server's last answers whose median a delay is measured by."""
READING = frozenset({b"GET", b"HEAD", b"OPTIONS"})


class Split:
    """Routes each request to an arm and keeps its record."""

    def __init__(self, orders: dict[str, Any]) -> None:
        self.state = SplitState(int(orders.get("seed", 0)))
        self._arms = {arm: Upstream(*orders[arm]) for arm in ("baseline", "canary")}
        self._pool = Pool()
        self._timeout_s = float(orders["timeout_s"])
        self._token = str(orders["token"]).encode()

    async def serve(self, head: Head, body: bytes, client: asyncio.StreamWriter) -> bool:
        """One request; a canary that cannot even be reached costs its client nothing but a moment.

        Health checks, metrics and lists of models are no work of a model: the baseline answers them, and
        they are evidence for no arm.
        """
        if head.start.split(b" ", 1)[0] in READING:
            exchange = Exchange("baseline", time.monotonic())
            return await forward(
                head, body, self._arms["baseline"], self._pool, client, exchange, timeout_s=self._timeout_s
            )
        arm = self.state.choose(head.get(STICKY))
        exchange = Exchange(arm, time.monotonic())
        spare = arm == "canary"
        keep = await self._through(head, body, client, exchange, spare=spare)
        if spare and exchange.error == "connect":
            second = Exchange("baseline", time.monotonic())
            return await self._through(head, body, client, second, spare=False)
        return keep

    async def _through(
        self, head: Head, body: bytes, client: asyncio.StreamWriter, exchange: Exchange, *, spare: bool
    ) -> bool:
        self.state.begin(exchange)
        try:
            return await forward(
                head, body, self._arms[exchange.arm], self._pool, client, exchange,
                timeout_s=self._timeout_s, spare_connect_errors=spare,
            )  # fmt: skip
        finally:
            self.state.end(exchange)

    async def command(self, head: Head, body: bytes, client: asyncio.StreamWriter) -> bool:
        """One command on the control port."""
        code, answer = 200, {}
        if not hmac.compare_digest(head.get(b"authorization"), b"Bearer " + self._token):
            code, answer = 401, {"error": "the token is wrong"}
        else:
            try:
                answer = self._do(head.start.split(b" ")[1].decode(), json.loads(body or b"{}"))
            except RefusedError as refusal:
                code, answer = 409, {"error": str(refusal)}
            except (KeyError, TypeError, ValueError, IndexError) as error:
                code, answer = 400, {"error": f"not a command: {error!r}"}
        data = json.dumps(answer).encode()
        client.write(f"HTTP/1.1 {code} -\r\ncontent-length: {len(data)}\r\n\r\n".encode() + data)
        return head.keep_alive

    def _do(self, path: str, order: dict[str, Any]) -> dict[str, Any]:
        state = self.state
        if path == "/records":
            return state.since(int(order["since"]))
        if path == "/share":
            state.set_share(float(order["share"]), str(order["holder"]), float(order["lease_s"]))
        elif path == "/renew":
            state.lease.renew(str(order["holder"]), float(order["lease_s"]))
        elif path == "/settle":
            state.lease.settle(str(order["holder"]))
        elif path == "/restore":
            state.restore()
        elif path != "/state":
            raise ValueError(path)
        return state.state()


class Degraded:
    """Makes a server worse on purpose: late or failed answers for a share of requests. For demonstrations."""

    def __init__(self, orders: dict[str, Any]) -> None:
        self._upstream = Upstream(*orders["upstream"])
        self._pool = Pool()
        self._random = random.Random(int(orders.get("seed", 0)))
        self._delay_share, self._delay_s = float(orders["delay_share"]), float(orders["delay_s"])
        self._delay_medians = float(orders.get("delay_medians", 0.0))
        self._took_s: deque[float] = deque(maxlen=RECENT)
        self._fail_share = float(orders["fail_share"])
        self._timeout_s = float(orders["timeout_s"])
        self._template = str(orders.get("template", ""))

    async def serve(self, head: Head, body: bytes, client: asyncio.StreamWriter) -> bool:
        """One request, spoilt or passed on."""
        if self._template and body:
            head, body = in_template(head, body, self._template)
        if self._random.random() < self._fail_share:
            client.write(b"HTTP/1.1 503 Degraded on purpose\r\ncontent-length: 0\r\n\r\n")
            return head.keep_alive
        if self._random.random() < self._delay_share:
            median_s = statistics.median(self._took_s or (0.0,))
            await asyncio.sleep(self._delay_s + self._delay_medians * median_s)
        exchange = Exchange("", time.monotonic())
        keep = await forward(
            head, body, self._upstream, self._pool, client, exchange, timeout_s=self._timeout_s
        )
        if exchange.ended is not None and exchange.ok:
            self._took_s.append(exchange.ended - exchange.started)
        return keep


class Translated:
    """Puts each request into a server's own terms: its model's name, its fields, its authorisation."""

    def __init__(self, orders: dict[str, Any]) -> None:
        self._upstream = Upstream(*orders["upstream"])
        self._pool = Pool()
        self._fields = dict(orders["fields"])
        self._headers = {name.lower().encode(): value.encode() for name, value in orders["headers"].items()}
        self._timeout_s = float(orders["timeout_s"])

    async def serve(self, head: Head, body: bytes, client: asyncio.StreamWriter) -> bool:
        """One request, passed on in the server's terms."""
        head, body = with_fields(with_headers(head, self._headers), body, self._fields)
        exchange = Exchange("", time.monotonic())
        return await forward(
            head, body, self._upstream, self._pool, client, exchange, timeout_s=self._timeout_s
        )


HOPS: dict[str, type[Degraded | Translated]] = {"degrade": Degraded, "translate": Translated}


async def _connection(serve: Any, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while (request := await read_request(reader)) is not None:
            if not await serve(*request, writer):
                break
            await writer.drain()
    except (RelayError, ConnectionError):
        pass  # the client is gone or speaks no HTTP: nothing can be said to it
    finally:
        writer.close()


async def _listen(serve: Any) -> tuple[asyncio.Server, int]:
    server = await asyncio.start_server(
        lambda reader, writer: _connection(serve, reader, writer), "127.0.0.1", 0, limit=MAX_HEAD
    )
    return server, int(server.sockets[0].getsockname()[1])


async def _run(orders: dict[str, Any]) -> None:
    ports = {}
    if orders["mode"] == "split":
        split = Split(orders)
        traffic, ports["port"] = await _listen(split.serve)
        control, ports["control_port"] = await _listen(split.command)
        servers = [traffic, control]
    else:
        traffic, ports["port"] = await _listen(HOPS[orders["mode"]](orders).serve)
        servers = [traffic]
    sys.stdout.write(json.dumps(ports) + "\n")
    sys.stdout.flush()
    owner = orders.get("owner")
    while owner is None or _alive(int(owner)):
        await asyncio.sleep(0.5)
    for server in servers:
        server.close()


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def main() -> None:
    """Reads the orders and serves."""
    orders = json.loads(sys.stdin.readline())
    try:
        import uvloop
    except ImportError:
        asyncio.run(_run(orders))
    else:
        uvloop.run(_run(orders))


if __name__ == "__main__":
    main()
