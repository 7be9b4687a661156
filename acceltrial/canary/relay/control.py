"""The split's state and its rules: share, lease, holder, counts, and the records of finished requests."""

from __future__ import annotations

import hashlib
import random
import time
from collections import deque
from typing import Any

from acceltrial.canary.lease import Lease
from acceltrial.canary.relay.forward import Exchange

KEPT_RECORDS = 2_000_000


class SplitState:
    """Who gets the next request. Every time is of the monotonic clock: clock jumps change nothing."""

    def __init__(self, seed: int) -> None:
        self.epoch = time.monotonic()
        self.lease = Lease()
        self._random = random.Random(seed)
        self.routed = {"baseline": 0, "canary": 0}
        self._records: deque[list[Any]] = deque(maxlen=KEPT_RECORDS)
        self._written = 0
        self._exchanges: dict[int, Exchange] = {}

    def choose(self, key: bytes) -> str:
        """The arm for a request; requests with the same non-empty key stay together."""
        if key:
            draw = int.from_bytes(hashlib.blake2b(key, digest_size=8).digest()) / 2**64
        else:
            draw = self._random.random()
        arm = "canary" if draw < self.lease.share else "baseline"
        self.routed[arm] += 1
        return arm

    def set_share(self, share: float, holder: str, lease_s: float) -> None:
        """See `Lease.set_share`; counting starts anew."""
        self.lease.set_share(share, holder, lease_s)
        self.routed = {"baseline": 0, "canary": 0}

    def restore(self) -> None:
        """Everything back to the baseline; counting starts anew."""
        self.lease.restore()
        self.routed = {"baseline": 0, "canary": 0}

    def begin(self, exchange: Exchange) -> None:
        """Notes a request in flight."""
        self._exchanges[id(exchange)] = exchange

    def end(self, exchange: Exchange) -> None:
        """Notes a finished request."""
        self._exchanges.pop(id(exchange), None)
        ended = exchange.ended or time.monotonic()
        first = exchange.first_byte
        self._records.append(
            [
                ended - self.epoch,
                exchange.arm,
                exchange.ok,
                (ended - exchange.started) * 1e3,
                None if first is None else (first - exchange.started) * 1e3,
                exchange.status,
                exchange.error,
            ]
        )
        self._written += 1

    def state(self) -> dict[str, Any]:
        """JSON-able, as `LeverState`."""
        return {
            "share": self.lease.share,
            "holder": self.lease.holder,
            "lease_left_s": self.lease.left_s,
            "routed_baseline": self.routed["baseline"],
            "routed_canary": self.routed["canary"],
        }

    def since(self, number: int) -> dict[str, Any]:
        """Records from `number` on, what is in flight with its age, and the time now."""
        now = time.monotonic()
        skip = max(number - (self._written - len(self._records)), 0)
        records = [self._records[i] for i in range(skip, len(self._records))]
        flying = [[e.arm, now - e.started] for e in self._exchanges.values()]
        return {"now_s": now - self.epoch, "next": self._written, "records": records, "open": flying}
