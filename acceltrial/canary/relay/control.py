"""The split's state and its rules: share, lease, holder, counts, and the records of finished requests."""

from __future__ import annotations

import hashlib
import random
import time
from collections import deque
from typing import Any

from acceltrial.canary.relay.forward import Exchange

KEPT_RECORDS = 2_000_000


class RefusedError(Exception):
    """A command that the rules forbid."""


class SplitState:
    """Who gets the next request. Every time is of the monotonic clock: clock jumps change nothing."""

    def __init__(self, seed: int) -> None:
        self.epoch = time.monotonic()
        self._share = 0.0
        self._holder = ""
        self._until: float | None = self.epoch
        self._random = random.Random(seed)
        self.routed = {"baseline": 0, "canary": 0}
        self._records: deque[list[Any]] = deque(maxlen=KEPT_RECORDS)
        self._written = 0
        self._exchanges: dict[int, Exchange] = {}

    @property
    def share(self) -> float:
        """The canary's share now: nothing once the lease has run out."""
        return self._share if self._held() else 0.0

    def _held(self) -> bool:
        return self._until is None or self._until > time.monotonic()

    def choose(self, key: bytes) -> str:
        """The arm for a request; requests with the same non-empty key stay together."""
        if key:
            draw = int.from_bytes(hashlib.blake2b(key, digest_size=8).digest()) / 2**64
        else:
            draw = self._random.random()
        arm = "canary" if draw < self.share else "baseline"
        self.routed[arm] += 1
        return arm

    def set_share(self, share: float, holder: str, lease_s: float) -> None:
        """Raises RefusedError for a share outside [0, 1], or while another holder's lease is valid."""
        if not 0 <= share <= 1:
            raise RefusedError(f"a share of {share} is not between 0 and 1")
        self._check(holder)
        self._share, self._holder, self._until = share, holder, time.monotonic() + lease_s
        self.routed = {"baseline": 0, "canary": 0}

    def renew(self, holder: str, lease_s: float) -> None:
        """Raises RefusedError when the lease has run out or is another's."""
        self._check(holder)
        if self._holder != holder or not self._held():
            raise RefusedError("the lease has run out: traffic is back on the baseline")
        if self._until is not None:
            self._until = time.monotonic() + lease_s

    def settle(self, holder: str) -> None:
        """Makes the share permanent. Raises RefusedError as `renew` does."""
        self.renew(holder, 1.0)
        self._until = None

    def restore(self) -> None:
        """Everything back to the baseline."""
        self._share, self._holder, self._until = 0.0, "", time.monotonic()
        self.routed = {"baseline": 0, "canary": 0}

    def _check(self, holder: str) -> None:
        if self._holder and self._holder != holder and self._held():
            raise RefusedError(f"'{self._holder}' holds the lever")

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
        left = None if self._until is None else max(self._until - time.monotonic(), 0.0)
        return {
            "share": self.share,
            "holder": self._holder if self._held() else "",
            "lease_left_s": left,
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
