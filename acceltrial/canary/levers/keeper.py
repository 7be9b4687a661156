"""The lease keeper: holds the weights of a proxy on loan, and takes them back when nobody renews.

`python -m acceltrial.canary.levers.keeper` reads its orders as one JSON line from stdin: {"lever": the
lever's specification, "token": …, "folder": …}. It answers with one JSON line of its control port.
It runs beside the traffic system and survives the controller. Its own death is seen by a guardian
process, which starts it anew; a keeper that starts always puts the baseline in place first.
"""

from __future__ import annotations

import hmac
import json
import os
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from acceltrial.canary.lease import Lease, RefusedError
from acceltrial.canary.lever import LeverError
from acceltrial.canary.levers.spec import parse_lever
from acceltrial.canary.levers.weights import Reading, Weights, write_and_verify

TICK_S = 0.1
IDLE_S = 120.0
"""A keeper that nobody asked anything for so long, with nothing on loan, ends."""
MAX_BODY = 65_536
DONE = 0


class Keeper:
    """The lease, and the weights that follow it. Every method is safe to call from several threads."""

    def __init__(self, weights: Weights) -> None:
        self.weights, self.lease = weights, Lease()
        self._lock = threading.Lock()
        self._lent = True  # what is out there is not known until the baseline has been put in place
        self._from = Reading(0.0)  # the counts when the share was last set
        self.asked = time.monotonic()
        self.ended = threading.Event()

    def do(self, path: str, order: dict[str, Any]) -> dict[str, Any]:
        """One command and the state after it. Raises RefusedError, LeverError, KeyError, ValueError."""
        self.asked = time.monotonic()
        with self._lock:
            if path == "/share":
                self._lend(float(order["share"]), str(order["holder"]), float(order["lease_s"]))
            elif path == "/renew":
                self.lease.renew(str(order["holder"]), float(order["lease_s"]))
            elif path == "/settle":
                self.lease.settle(str(order["holder"]))
            elif path == "/restore":
                self.lease.restore()
                self._take_back()
            elif path == "/quit":
                self._quit()
            elif path != "/state":
                raise ValueError(path)
            return self._state()

    def tend(self) -> None:
        """Takes the weights back once the lease has run out; called again until that has succeeded."""
        with self._lock:
            if self._lent and not self.lease.held:
                self._take_back()

    @property
    def idle(self) -> bool:
        """Whether the keeper may end: nothing is on loan, and nobody has asked for long."""
        free = not self._lent or self.lease.settled
        return free and time.monotonic() - self.asked > IDLE_S

    def _lend(self, share: float, holder: str, lease_s: float) -> None:
        self.lease.check(share, holder, lease_s)
        self._lent = True  # before the act: if it half succeeds, it is taken back
        write_and_verify(self.weights, share)
        self.lease.set_share(share, holder, lease_s)
        self._from = self.weights.read()

    def _take_back(self) -> None:
        self._from = write_and_verify(self.weights, 0.0)
        self._lent = False

    def _quit(self) -> None:
        if self._lent and not self.lease.settled:
            raise RefusedError("a share is on loan: restore the baseline first")
        self.ended.set()

    def _state(self) -> dict[str, Any]:
        found = self.weights.read()
        return {
            "share": found.share,
            "holder": self.lease.holder,
            "lease_left_s": self.lease.left_s,
            "routed_baseline": _since(found.baseline, self._from.baseline),
            "routed_canary": _since(found.canary, self._from.canary),
            "canary_up": found.canary_up,
            "granularity": self.weights.granularity,
        }


def _since(now: int | None, before: int | None) -> int | None:
    return None if now is None or before is None else max(now - before, 0)


def _handler(keeper: Keeper, token: str) -> type[BaseHTTPRequestHandler]:
    class Control(BaseHTTPRequestHandler):
        """The control port."""

        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(min(int(self.headers.get("content-length") or 0), MAX_BODY))
            code, answer = 200, {}
            if not hmac.compare_digest(self.headers.get("authorization", ""), f"Bearer {token}"):
                code, answer = 401, {"error": "the token is wrong"}
            else:
                try:
                    answer = keeper.do(self.path, json.loads(body or b"{}"))
                except RefusedError as refusal:
                    code, answer = 409, {"error": str(refusal)}
                except LeverError as error:
                    code, answer = 502, {"error": error.what}
                except (KeyError, TypeError, ValueError) as error:
                    code, answer = 400, {"error": f"not a command: {error!r}"}
            data = json.dumps(answer).encode()
            self.send_response(code)
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Says nothing: the journal tells."""

    return Control


def run(orders: dict[str, Any], port: int, announce: Any) -> None:
    """Keeps until it is told to end or has long been idle. `port` 0 takes a free one."""
    keeper = Keeper(parse_lever(orders["lever"], "keeper").weights())
    trouble = _tended(keeper)  # before anything that could fail
    server = ThreadingHTTPServer(("127.0.0.1", port), _handler(keeper, str(orders["token"])))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": TICK_S}, daemon=True).start()
    announce({"control_port": server.server_address[1], "trouble": trouble, "pid": os.getpid()})
    while not keeper.ended.wait(TICK_S) and not keeper.idle:
        _tended(keeper)
    server.shutdown()


def _tended(keeper: Keeper) -> str:
    try:
        keeper.tend()
    except LeverError as error:
        return error.what  # tried again at the next tick
    return ""


def guard(orders: dict[str, Any]) -> None:
    """Runs the keeper in a child, and starts it anew on the same port whenever it dies."""
    port = 0
    while True:
        read_end, write_end = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(read_end)
            with os.fdopen(write_end, "w") as pipe:
                run(orders, port, lambda found, pipe=pipe: _say(pipe, found))
            os._exit(DONE)
        os.close(write_end)
        with os.fdopen(read_end) as pipe:
            line = pipe.readline()
        if line and not port:
            found = json.loads(line)
            port = found["control_port"]
            _say(sys.stdout, {**found, "guardian": os.getpid()})
        _, status = os.waitpid(child, 0)
        if os.waitstatus_to_exitcode(status) == DONE or not port:
            return
        time.sleep(TICK_S)


def _say(stream: Any, found: dict[str, Any]) -> None:
    stream.write(json.dumps(found) + "\n")
    stream.flush()


def main() -> None:
    """Reads the orders and keeps."""
    guard(json.loads(sys.stdin.readline()))


if __name__ == "__main__":
    main()
