"""A proxy's access log as the feed of a canary: JSON lines that HAProxy or Envoy write as told.

A line has `arm` (the server's or cluster's name), `status`, `total_ms`, `state` (HAProxy's two letters of
termination or Envoy's response flags), `method` and, from HAProxy, `retries`: what `HAPROXY_FORMAT` and
`ENVOY_FORMAT` write.
No proxy's log tells the first token, so there is no time to first token from here.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from acceltrial.canary.lever import LeverError
from acceltrial.canary.source import Polled

HAPROXY_FORMAT = (
    r"{\"arm\":\"%s\",\"status\":%ST,\"total_ms\":\"%Ta\",\"state\":\"%ts\",\"retries\":\"%rc\","
    r"\"method\":\"%HM\"}"
)
"""For `log-format "…"` in HAProxy's frontend, beside `log stdout format raw daemon`."""
ENVOY_FORMAT = {
    "arm": "%UPSTREAM_CLUSTER%",
    "status": "%RESPONSE_CODE%",
    "total_ms": "%DURATION%",
    "state": "%RESPONSE_FLAGS%",
    "method": "%REQ(:METHOD)%",
}
"""For `json_format` of Envoy's file access log."""
CLIENT_LEFT = ("C", "DC", "DPE")
WELL = ("--", "-", "", "LR")
TOO_MANY = 429
READING = frozenset({"GET", "HEAD", "OPTIONS"})
"""Health checks, metrics and lists of models: no work of a model, so no evidence for an arm."""


@dataclass
class AccessLogFeed:
    """Follows the log from its present end. See `Feed`.

    Times are of this process's monotonic clock: requests between two polls are spread evenly over the
    time between, so that a jump of the wall clock moves nothing.

    Attributes:
        path: the log; a new file of this name (rotation) is followed from its start.
        baseline, canary: the arms' names in the log.
    """

    path: Path
    baseline: str = "baseline"
    canary: str = "canary"
    clock: Callable[[], float] = time.monotonic
    _stream: IO[bytes] | None = None
    _rest: bytes = b""
    _seen: int = 0
    _kept: list[list[Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._epoch = self._last = self.clock()
        self._open(at_end=True)

    def poll(self, since: int) -> Polled:
        """See `Feed.poll`. Only what ended since the last poll can be had."""
        lines = self._lines()
        now = self.clock()
        rows = [row for line in lines for row in self._rows(line)]
        for number, row in enumerate(rows, start=1):
            row[0] = self._last - self._epoch + (now - self._last) * number / (len(rows) + 1)
        self._last = now
        self._seen += len(rows)
        return Polled(now - self._epoch, max(self._seen, since), rows, [])

    def _open(self, *, at_end: bool) -> None:
        try:
            self._stream = self.path.open("rb")
        except OSError as error:
            raise self._lost(error) from error
        if at_end:
            self._stream.seek(0, 2)
        self._rest = b""

    def _lines(self) -> list[bytes]:
        assert self._stream is not None
        try:
            data = self._stream.read()
            status = self.path.stat()
            if status.st_ino != _inode(self._stream) or status.st_size < self._stream.tell():
                self._stream.close()
                self._open(at_end=False)
                data += self._stream.read()
        except OSError as error:
            raise self._lost(error) from error
        *lines, self._rest = (self._rest + data).split(b"\n")
        return lines

    def _rows(self, line: bytes) -> list[list[Any]]:
        """Rows of one line: none for what is not a request of either arm, two after a redispatch."""
        start = line.find(b"{")  # a syslog header may stand before
        try:
            entry = json.loads(line[start:]) if start >= 0 else {}
            arm = {self.baseline: "baseline", self.canary: "canary"}.get(str(entry.get("arm")))
            status, total_ms = int(entry.get("status") or -1), float(str(entry.get("total_ms")).lstrip("+"))
        except (ValueError, TypeError, AttributeError):
            return []
        if arm is None or entry.get("method") in READING:
            return []
        state = str(entry.get("state") or "")
        error = _error(status, state)
        rows = [[0.0, arm, not error, max(total_ms, 0.0), None, status, error]]
        if str(entry.get("retries", "")).startswith("+"):  # the other arm was tried first, in vain
            other = "baseline" if arm == "canary" else "canary"
            rows.insert(0, [0.0, other, False, None, None, None, "connect"])
        return rows

    def _lost(self, error: OSError) -> LeverError:
        return LeverError(
            f"the access log cannot be read ({error})",
            where=str(self.path),
            remedy="see whether the proxy writes it",
        )


def _error(status: int, state: str) -> str:
    """The error class of a request; "" when it was answered whole and well."""
    if state.startswith(CLIENT_LEFT) and state not in WELL:
        return "client_gone"
    if state not in WELL:
        return "timeout" if state[:1] == "s" or "UT" in state.split(",") else "reset"
    if status < 100 or status >= 500 or status == TOO_MANY:
        return f"status_{status}"
    return ""


def _inode(stream: IO[bytes]) -> int:
    import os

    return os.fstat(stream.fileno()).st_ino
