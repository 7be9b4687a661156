"""Where the controller's observations come from, and the memory that they accumulate in."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from acceltrial.canary.records import Records

MemoryReader = Callable[[str], float | None]
"""Bytes that an arm's server uses now, None when unknown."""
Prober = Callable[[str], "list[Probe]"]
"""Sends questions with known answers to an arm's server."""

TRAFFIC, PROBE = 0, 1
MEASURED = ("latency_ms", "ttft_ms", "quality", "memory_bytes", "cost_usd")


@dataclass(frozen=True)
class Probe:
    """One question with a known answer: how it went, and its score in [0, 1], None without an answer."""

    ok: bool
    latency_ms: float | None
    quality: float | None


@dataclass(frozen=True)
class Polled:
    """What a feed saw since the last poll. Times are of the feed's own clock.

    `records`: ended_s, arm, ok, latency_ms, ttft_ms, status, error. `open`: arm, age in seconds.
    """

    now_s: float
    next: int
    records: list[list[Any]]
    open: list[list[Any]]


class Feed(Protocol):
    """Whatever records the requests of both arms: the split, or a proxy's access log."""

    def poll(self, since: int) -> Polled:
        """The requests that ended from record number `since` on. Raises LeverError when it is lost."""
        ...


class Source(Protocol):
    """Whatever sees the requests of both arms. `poll` raises LeverError when it is lost."""

    def poll(self) -> None:
        """Takes in what has happened since the last poll."""
        ...

    @property
    def now_s(self) -> float:
        """The source's own clock at the last poll."""
        ...

    def records(self) -> Records:
        """Every request so far."""
        ...


@dataclass
class FeedSource:
    """A feed's records, with each arm's memory and the results of probes beside them.

    Requests in flight for longer than `hang_s` count as failures at once, and only once. With `usd_per_h` of
    each arm's server a request costs the time for which it occupied it.
    """

    feed: Feed
    memory: MemoryReader = lambda _arm: None
    prober: Prober | None = None
    hang_s: float = math.inf
    probe_every: int = 1
    usd_per_h: Mapping[str, float] = field(default_factory=dict)
    _rows: list[tuple[float, bool, bool, float, float, float, float, float, int]] = field(
        default_factory=list
    )
    _next: int = 0
    _polls: int = 0
    _now: float = 0.0
    _hung: dict[str, int] = field(default_factory=lambda: {"baseline": 0, "canary": 0})

    @property
    def now_s(self) -> float:
        """The split's clock at the last poll."""
        return self._now

    def poll(self) -> None:
        """See `Source.poll`."""
        polled = self.feed.poll(self._next)
        self._next, self._now = polled.next, polled.now_s
        probing = self.prober if self._polls % self.probe_every == 0 else None
        self._polls += 1
        bytes_used = {arm: self.memory(arm) for arm in ("baseline", "canary")}
        for row in polled.records:
            self._take(row, bytes_used)
        for arm in ("baseline", "canary"):
            hung = sum(age > self.hang_s for name, age in polled.open if name == arm)
            for _ in range(hung - self._hung[arm]):
                self._add(polled.now_s, arm, False, None, None, None, bytes_used[arm], TRAFFIC)
            self._hung[arm] = max(hung, self._hung[arm])
            for probe in probing(arm) if probing else []:
                self._add(
                    polled.now_s, arm, probe.ok, probe.latency_ms, None, probe.quality, bytes_used[arm], PROBE
                )

    def _take(self, row: list[Any], bytes_used: dict[str, float | None]) -> None:
        ended, arm, ok, latency, ttft, _, error = row
        if error == "client_gone":
            return  # the client's own decision says nothing about the arm
        if not ok and self._hung[arm] and latency > self.hang_s * 1e3:
            self._hung[arm] -= 1
            return  # already counted while it hung
        self._add(ended, arm, ok, latency, ttft, None, bytes_used[arm], TRAFFIC)

    def _add(
        self,
        t_s: float,
        arm: str,
        ok: bool,
        latency: float | None,
        ttft: float | None,
        quality: float | None,
        memory: float | None,
        group: int,
    ) -> None:
        price = self.usd_per_h.get(arm)
        cost = None if price is None or latency is None else price * latency / 3.6e6
        latency_ms, ttft_ms, score, used, cost_usd = (
            math.nan if value is None else value for value in (latency, ttft, quality, memory, cost)
        )
        self._rows.append((t_s, arm == "canary", ok, latency_ms, ttft_ms, score, used, cost_usd, group))

    def records(self) -> Records:
        """See `Source.records`."""
        rows = sorted(self._rows, key=lambda row: row[0])
        columns = [np.array(column) for column in zip(*rows, strict=True)] if rows else [np.zeros(0)] * 9
        t_s, canary, ok, *measured, group = columns
        values = dict(zip(MEASURED, measured, strict=True))
        kept = {name: v.astype(np.float64) for name, v in values.items() if _worth(name, v)}
        return Records(
            t_s.astype(np.float64), canary.astype(bool), ok.astype(bool), kept, group.astype(np.int64)
        )


def _worth(name: str, values: Any) -> bool:
    return name == "latency_ms" or bool((~np.isnan(values.astype(np.float64))).any())
