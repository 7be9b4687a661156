"""The server's own metrics, read while the load runs, to stand beside the client's clock."""

from __future__ import annotations

import contextlib
import http.client
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from acceltrial.load.address import Address

_LINE = re.compile(r"^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{[^}]*\})?\s+([^\s]+)(?:\s+\d+)?$")
_LARGEST = 4_000_000
_PERIOD_S = 1.0
_PATIENCE_S = 1.0
_MOST_FAILURES = 5

WATCHED = {
    "running": ("llamacpp:requests_processing", "vllm:num_requests_running"),
    "waiting": ("llamacpp:requests_deferred", "vllm:num_requests_waiting"),
    "cache_use": ("llamacpp:kv_cache_usage_ratio", "vllm:kv_cache_usage_perc", "vllm:gpu_cache_usage_perc"),
    "prompt_tokens": ("llamacpp:prompt_tokens_total", "vllm:prompt_tokens_total"),
    "output_tokens": ("llamacpp:tokens_predicted_total", "vllm:generation_tokens_total"),
    "preemptions": ("vllm:num_preemptions_total",),
}
"""Our name of each figure and the engines' names for it; the last three only ever grow."""

_COUNTERS = ("prompt_tokens", "output_tokens", "preemptions")


@dataclass
class ServerMetrics:
    """What was read so far: one row a reading, with `at_s` on the monotonic clock.

    Attributes:
        reason: why there is nothing, where there is nothing.
    """

    rows: list[dict[str, float]] = field(default_factory=list)
    reason: str = ""

    def summary(self) -> dict[str, Any] | None:
        """Largest and mean of each gauge, growth of each counter; None where the server offers nothing."""
        if not self.rows:
            return None
        found: dict[str, Any] = {"readings": len(self.rows)}
        for name in WATCHED:
            values = [row[name] for row in self.rows if name in row]
            if not values:
                continue
            if name in _COUNTERS:
                found[name] = values[-1] - values[0] if values[-1] >= values[0] else None
            else:
                found[name] = {"max": max(values), "mean": sum(values) / len(values)}
        return found


@contextmanager
def watching(address: Address) -> Iterator[ServerMetrics]:
    """Reads `/metrics` at the server's root about once a second, and once more at the end.

    A server without it, or with metrics that we do not know, gives none and disturbs nothing.
    """
    found = ServerMetrics()
    over = threading.Event()
    # In a thread from the first reading on: a server that hangs here must not hold up the load.
    thread = threading.Thread(target=_keep_reading, args=(found, address, over), daemon=True)
    thread.start()
    try:
        yield found
    finally:
        over.set()
        thread.join(_PATIENCE_S + 0.5)


def read_into(found: ServerMetrics, address: Address) -> None:
    """Takes one reading; a failure leaves its reason."""
    try:
        row = known_figures(_fetch(address))
    except (OSError, http.client.HTTPException, ValueError) as error:
        found.reason = f"{type(error).__name__}: {error}"[:200]
        return
    if row:
        found.rows.append({"at_s": time.monotonic()} | row)
    else:
        found.reason = "no figure that we know"


def known_figures(text: str) -> dict[str, float]:
    """Our figures in a Prometheus text; series of one name (a label each) are added up."""
    sums: dict[str, float] = {}
    for line in text.splitlines():
        match = _LINE.match(line)
        if match is None:
            continue
        with contextlib.suppress(ValueError):
            value = float(match.group(2))
            if value == value and abs(value) != float("inf"):
                sums[match.group(1)] = sums.get(match.group(1), 0.0) + value
    found = {}
    for name, theirs in WATCHED.items():
        values = [sums[one] for one in theirs if one in sums]
        if values:
            found[name] = values[0]
    return found


def _keep_reading(found: ServerMetrics, address: Address, over: threading.Event) -> None:
    read_into(found, address)
    failures = 0
    # A server that still loads its model may answer later; one without metrics is soon left alone.
    while failures < _MOST_FAILURES and not over.wait(_PERIOD_S):
        before = len(found.rows)
        read_into(found, address)
        failures = 0 if len(found.rows) > before else failures + 1
    if found.rows:
        read_into(found, address)


def _fetch(address: Address) -> str:
    if address.tls:
        raise ValueError("metrics are read over plain HTTP only")
    connection = http.client.HTTPConnection(address.host, address.port, timeout=_PATIENCE_S)
    try:
        connection.request("GET", "/metrics")
        response = connection.getresponse()
        if response.status != 200:
            raise ValueError(f"status {response.status}")
        return response.read(_LARGEST).decode(errors="replace")
    finally:
        connection.close()
