"""A simulated lever, source and clock: a whole canary in milliseconds."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from acceltrial.canary.lever import LeverError, LeverRefusedError, LeverState
from acceltrial.canary.records import Records


@dataclass
class FakeClock:
    t: float = 1000.0
    on_sleep: list = field(default_factory=list)

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.t)

    def monotonic(self) -> float:
        return self.t

    def sleep(self, seconds: float) -> None:
        self.t += seconds
        for act in self.on_sleep:
            act()


@dataclass
class FakeLever:
    clock: FakeClock
    share: float = 0.0
    claims: float | None = None
    holder: str = ""
    until: float | None = 0.0
    lost: bool = False
    up: bool | None = None
    counts: bool = True
    fenced: bool = False
    routed: dict = field(default_factory=lambda: {"baseline": 0, "canary": 0})
    acts: list = field(default_factory=list)

    def _answer(self) -> None:
        if self.lost:
            raise LeverError("the lever is lost")

    def set_share(self, share, *, holder, lease_s):
        self._answer()
        self.acts.append(("set", share))
        self.share, self.holder, self.until = share, holder, self.clock.t + lease_s
        self.routed = {"baseline": 0, "canary": 0}

    def renew(self, *, holder, lease_s):
        self._answer()
        if self.until is not None:
            if self.clock.t > self.until:
                raise (LeverRefusedError if self.fenced else LeverError)("the lease ran out")
            self.until = self.clock.t + lease_s

    def settle(self, *, holder):
        self._answer()
        self.acts.append(("settle", self.share))
        self.until = None

    def restore(self):
        self._answer()
        self.acts.append(("restore", 0.0))
        self.share, self.holder, self.until = 0.0, "", self.clock.t

    def read(self):
        self._answer()
        share = self.effective if self.claims is None else self.claims
        routed = self.routed if self.counts else {"baseline": None, "canary": None}
        return LeverState(share, self.holder, None, routed["baseline"], routed["canary"], canary_up=self.up)

    @property
    def effective(self) -> float:
        return self.share if self.until is None or self.clock.t <= self.until else 0.0


@dataclass
class FakeSource:
    """Traffic at a steady rate; how each arm answers is set from outside."""

    clock: FakeClock
    lever: FakeLever
    rps: float = 40.0
    error: dict = field(default_factory=lambda: {"baseline": 0.002, "canary": 0.002})
    scale: dict = field(default_factory=lambda: {"baseline": 1.0, "canary": 1.0})
    true_share: float | None = None
    lost: bool = False
    now_s: float = 0.0
    seed: int = 3

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng(self.seed)
        self.parts: list = []
        self.upto = self.clock.t - 60.0
        self.start = self.upto
        self.clock.on_sleep.append(self.run)
        self.run()

    def run(self) -> None:
        span = self.clock.t - self.upto
        n = self.rng.poisson(self.rps * span)
        t = np.sort(self.rng.random(n)) * span + self.upto - self.start
        share = self.lever.effective if self.true_share is None else self.true_share
        canary = self.rng.random(n) < share
        self.lever.routed["canary"] += int(canary.sum())
        self.lever.routed["baseline"] += int((~canary).sum())
        arm = np.where(canary, "canary", "baseline")
        latency = 100 * np.exp(0.4 * self.rng.standard_normal(n))
        latency *= np.array([self.scale[a] for a in arm]) if n else 1.0
        ok = self.rng.random(n) >= (np.array([self.error[a] for a in arm]) if n else 0)
        self.parts.append((t, canary, ok, latency))
        self.upto = self.clock.t

    def poll(self) -> None:
        if self.lost:
            raise LeverError("the metrics are lost")
        self.now_s = self.clock.t - self.start

    def records(self) -> Records:
        t, canary, ok, latency = (np.concatenate(column) for column in zip(*self.parts, strict=True))
        return Records(t, canary, ok, {"latency_ms": latency}, np.zeros(len(t), np.int64))


@pytest.fixture
def simulation() -> tuple[FakeClock, FakeLever, FakeSource]:
    clock = FakeClock()
    lever = FakeLever(clock)
    return clock, lever, FakeSource(clock, lever)
