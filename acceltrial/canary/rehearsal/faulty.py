"""One canary with one fault, from the first request to the traffic's safe end."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from acceltrial.canary.folder import CanaryFolder
from acceltrial.canary.guardrails import (
    ErrorGuardrail,
    JudgeSettings,
    LatencyGuardrail,
    MemoryGuardrail,
    QualityGuardrail,
    Warmup,
)
from acceltrial.canary.journal import read_journal
from acceltrial.canary.outcome import Outcome
from acceltrial.canary.plan import CanaryPlan
from acceltrial.canary.probes import HttpProber
from acceltrial.canary.rehearsal.faults import Fault
from acceltrial.canary.rehearsal.stand import TIMEOUT_S, Stand, stand, traffic
from acceltrial.canary.running import run_plan
from acceltrial.targets.memory import tree_rss_mb

LOOK_S = 1.0
BASELINE_S = 12.0
DEADLINE_S = 240.0
PROBE_EVERY = 2
"""Looks between questions: a request that comes at the same time waits."""
SHARES = (0.25, 0.5, 1.0)
"""Not beyond a half before all: an arm is busier the larger its share, and a busier server is slower."""


@dataclass(frozen=True)
class Rehearsed:
    """How one rehearsal went.

    Attributes:
        right: promoted when healthy; rolled back by one of the fault's own guardrails otherwise.
        at_s: from the first step to the verdict.
        rollback_s: from the verdict to the share of 0 that HAProxy itself reads back; None without rollback.
        share_after: the canary's share that HAProxy reads after the end.
        sent, lost: the client's requests, and those of them without a whole good answer.
    """

    fault: str
    verdict: str
    guardrail: str | None
    right: bool
    at_s: float
    rollback_s: float | None
    share_after: float
    sent: int
    lost: int
    rate_rps: float
    median_ms: float
    reason: str


def compressed_plan(name: str) -> CanaryPlan:
    """A plan of four minutes at most: it shows coarse harm only, where a plan for production takes hours."""
    return CanaryPlan(
        canary=name, workload="rehearsal", baseline="gemma-270m-q4", candidate=name, purpose="demonstration",
        shares=SHARES, hold_s=8.0, min_requests=10, soak_s=6.0, lease_s=10.0, hold_limit_s=15.0,
        deadline_s=DEADLINE_S,
        judge=JudgeSettings(
            guardrails=(
                ErrorGuardrail(harm=0.025, expected_rate=0.002, weight=2),
                # What must be excluded is no coarser than what is rehearsed, else harm could pass as absent.
                LatencyGuardrail(levels=(0.5, 0.9), margin=0.1, harm_odds=2.2, weight=2),
                QualityGuardrail(margin=0.05, harm=0.4),
                MemoryGuardrail(growth=0.015),
            ),
            alpha=0.01, interval_s=LOOK_S, reference_s=DEADLINE_S, silence_s=10.0,
            warmup=Warmup(min_s=LOOK_S, max_s=3 * LOOK_S), restart_looks=15, needs_power=False,
        ),
    )  # fmt: skip


def rehearse(
    fault: Fault, folder: Path, cache: Path, progress: Callable[[str], None] = lambda _line: None
) -> Rehearsed:
    """Runs one rehearsal; journal, access log and the client's records stay in `folder`.

    Raises TargetUnavailableError when servers or HAProxy cannot be had here.
    """
    name = "".join(c if c.isalnum() else "-" for c in fault.name).strip("-")
    with stand(fault, folder, cache) as place, traffic(place, BASELINE_S + DEADLINE_S + 30) as load:
        time.sleep(BASELINE_S / 2)
        record = CanaryFolder(folder)
        with _Struck(fault, place, record.journal(name)):
            outcome = run_plan(
                compressed_plan(name), place.front.spec, record, progress=progress,
                memory=lambda arm: _memory(place, arm),
                prober=HttpProber(
                    place.urls,
                    {"baseline": place.baseline.model_name, "canary": place.canary.model_name},
                    timeout_s=TIMEOUT_S / 2,
                ),
                probe_every=PROBE_EVERY,
            )  # fmt: skip
        after = place.front.spec.weights().read().share
    load.records.write_parquet(folder / "requests.parquet")
    return _result(fault, place, outcome, after, load.sent, load.lost)


def _result(fault: Fault, place: Stand, outcome: Outcome, after: float, sent: int, lost: int) -> Rehearsed:
    if fault.by:
        right = outcome.verdict == "rollback" and outcome.guardrail in fault.by and after == 0
    else:
        right = outcome.verdict == "promote" and after == 1
    return Rehearsed(
        fault.name, outcome.verdict, outcome.guardrail, right, round(outcome.at_s, 2), outcome.rollback_s,
        after, sent, lost, round(place.rate_rps, 2), round(place.median_ms, 1), outcome.reason,
    )  # fmt: skip


def _memory(place: Stand, arm: str) -> float | None:
    pid = (place.canary if arm == "canary" else place.baseline).pid
    used = tree_rss_mb(pid) if pid is not None else None
    return None if used is None else used * 1e6


class _Struck:
    """Sends the fault's signal to the canary's process in the middle of the second step."""

    def __init__(self, fault: Fault, place: Stand, journal: Path) -> None:
        self._fault, self._place, self._journal = fault, place, journal
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._strike, daemon=True)

    def __enter__(self) -> None:
        if self._fault.signal:
            self._thread.start()

    def __exit__(self, *_: Any) -> None:
        self._over.set()
        if self._fault.signal:
            self._thread.join()
            self._send("CONT")  # a process that hangs could not end in an orderly way

    def _strike(self) -> None:
        while not self._over.wait(0.2):
            if steps_taken(self._journal) >= 2:
                self._over.wait(2 * LOOK_S)
                self._send(self._fault.signal)
                return

    def _send(self, name: str) -> None:
        pid = self._place.canary.pid
        with suppress(ProcessLookupError):  # a crash was complete
            if pid is not None:
                os.kill(pid, getattr(signal, f"SIG{name}"))


def steps_taken(journal: Path) -> int:
    """How many steps the journal says were set."""
    return sum(event.event == "share_set" for event in read_journal(journal)) if journal.exists() else 0
