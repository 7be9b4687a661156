"""The server's own metrics, read while the load runs, to stand beside the client's clock."""

from __future__ import annotations

import http.client
import itertools
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from acceltrial.load.address import Address
from acceltrial.load.prometheus_text import sums_by_name

_LARGEST = 4_000_000
_PERIOD_S = 1.0
_PATIENCE_S = 1.0
_MOST_FAILURES = 5

GAUGES = {
    "running": ("llamacpp:requests_processing", "vllm:num_requests_running", "sglang:num_running_reqs"),
    "waiting": ("llamacpp:requests_deferred", "vllm:num_requests_waiting", "sglang:num_queue_reqs"),
    "cache_use": (
        "llamacpp:kv_cache_usage_ratio",
        "vllm:kv_cache_usage_perc",
        "vllm:gpu_cache_usage_perc",
        "sglang:token_usage",
    ),
}
"""Our name of each figure of the moment and the engines' names for it."""

COUNTERS = {
    "prompt_tokens": (
        "llamacpp:prompt_tokens_total",
        "vllm:prompt_tokens_total",
        "sglang:prompt_tokens_total",
    ),
    "output_tokens": (
        "llamacpp:tokens_predicted_total",
        "vllm:generation_tokens_total",
        "sglang:generation_tokens_total",
    ),
    "preemptions": ("vllm:num_preemptions_total",),
    "requests": ("vllm:request_success_total", "sglang:num_requests_total"),
    "prefill_s": ("llamacpp:prompt_seconds_total", "vllm:request_prefill_time_seconds_sum"),
    "decode_s": ("llamacpp:tokens_predicted_seconds_total", "vllm:request_decode_time_seconds_sum"),
}
"""Figures that only ever grow."""

_HISTOGRAMS = {
    "queue": ("vllm:request_queue_time_seconds", "acceltrial:queue_seconds"),
    "tokenise": ("acceltrial:tokenise_seconds",),
    "prefill": ("vllm:request_prefill_time_seconds", "acceltrial:model_seconds"),
    "decode": ("vllm:request_decode_time_seconds",),
    "ttft": ("vllm:time_to_first_token_seconds", "sglang:time_to_first_token_seconds"),
    "itl": (
        "vllm:inter_token_latency_seconds",
        "vllm:time_per_output_token_seconds",
        "sglang:inter_token_latency_seconds",
    ),
    "e2e": ("vllm:e2e_request_latency_seconds", "sglang:e2e_request_latency_seconds"),
}
"""Times of which a server gives sum and count; NAME_sum_s and NAME_count are the columns here."""

for _name, _theirs in _HISTOGRAMS.items():
    COUNTERS[f"{_name}_sum_s"] = tuple(f"{one}_sum" for one in _theirs)
    COUNTERS[f"{_name}_count"] = tuple(f"{one}_count" for one in _theirs)

WATCHED = {**GAUGES, **COUNTERS}


@dataclass
class ServerMetrics:
    """What was read so far: one row a reading, with `at_s` on the monotonic clock.

    Attributes:
        reason: why there is nothing, where there is nothing.
    """

    rows: list[dict[str, float]] = field(default_factory=list)
    reason: str = ""

    def growth(self, name: str) -> float | None:
        """By how much a counter grew; None where it was not seen twice, or the server started anew."""
        values = [row[name] for row in self.rows if name in row]
        if len(values) < 2 or any(after < before for before, after in itertools.pairwise(values)):
            return None
        return values[-1] - values[0]

    def mean_ms(self, name: str) -> float | None:
        """The mean of a time over what ended while we watched; None where nothing was counted."""
        total, count = self.growth(f"{name}_sum_s"), self.growth(f"{name}_count")
        return total / count * 1e3 if total is not None and count else None

    def time_average(self, name: str) -> float | None:
        """The mean of a gauge over time, by trapezoids; None with fewer than two readings."""
        seen = [(row["at_s"], row[name]) for row in self.rows if name in row]
        if len(seen) < 2 or seen[-1][0] <= seen[0][0]:
            return None
        pairs = itertools.pairwise(seen)
        area = sum((after - before) * (low + high) / 2 for (before, low), (after, high) in pairs)
        return area / (seen[-1][0] - seen[0][0])

    def summary(self) -> dict[str, Any] | None:
        """Largest and mean of each gauge, growth of each counter, mean of each time; None where nothing."""
        if not self.rows:
            return None
        found: dict[str, Any] = {"readings": len(self.rows)}
        for name in GAUGES:
            values = [row[name] for row in self.rows if name in row]
            if values:
                found[name] = {"max": max(values), "mean": sum(values) / len(values)}
        for name in COUNTERS:
            if any(name in row for row in self.rows) and not name.endswith(("_sum_s", "_count")):
                found[name] = self.growth(name)
        means = {f"{name}_mean_ms": self.mean_ms(name) for name in _HISTOGRAMS}
        return found | {name: value for name, value in means.items() if value is not None}


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
    """Our figures in a Prometheus text."""
    sums = sums_by_name(text)
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
