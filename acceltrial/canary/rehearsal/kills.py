"""The controller killed (`kill -9`) at every step in turn: where traffic ends, how soon, and what is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import yaml

from acceltrial.canary.folder import CanaryFolder
from acceltrial.canary.guardrails import ErrorGuardrail, JudgeSettings, Warmup
from acceltrial.canary.journal import read_journal
from acceltrial.canary.levers.weights import Weights
from acceltrial.canary.plan import CanaryPlan
from acceltrial.canary.rehearsal.faults import FAULTS
from acceltrial.canary.rehearsal.faulty import steps_taken
from acceltrial.canary.rehearsal.stand import Stand, stand, traffic
from acceltrial.canary.running import run_plan
from acceltrial.load.processes import child_environment

SHARES = (0.05, 0.25, 0.5, 1.0)
LEASE_S = 3.0
STEP_PATIENCE_S = 40.0


@dataclass(frozen=True)
class Killed:
    """One kill.

    Attributes:
        step: counted from 1.
        share_then: the canary's share that HAProxy had when the controller was killed.
        safe_after_s: from the kill to a share of 0, as HAProxy reads it; None when it never came.
        recovered: the last event after the next controller has looked after it.
        share_after: the share after that.
    """

    step: int
    share_then: float
    safe_after_s: float | None
    recovered: str
    share_after: float

    @property
    def safe(self) -> bool:
        """Whether traffic ended on the baseline, by the lease alone and in time."""
        return self.safe_after_s is not None and self.share_after == 0


@dataclass(frozen=True)
class Kills:
    """All kills of one run, and what their clients lost of what they sent."""

    kills: tuple[Killed, ...]
    sent: int
    lost: int


def climbing_plan(name: str) -> CanaryPlan:
    """A plan that climbs quickly: what is rehearsed is the controller's death, not the judgement."""
    return CanaryPlan(
        canary=name, workload="rehearsal", baseline="gemma-270m-q4", candidate=name, purpose="demonstration",
        shares=SHARES, hold_s=2.0, min_requests=1, soak_s=60.0, lease_s=LEASE_S, hold_limit_s=15.0,
        deadline_s=200.0,
        judge=JudgeSettings(
            guardrails=(ErrorGuardrail(harm=0.4),), interval_s=1.0, reference_s=60.0, silence_s=60.0,
            warmup=Warmup(min_s=0, max_s=1), needs_power=False,
        ),
    )  # fmt: skip


def rehearse_kills(folder: Path, cache: Path) -> Kills:
    """Kills a controller at each step. Raises TargetUnavailableError when HAProxy cannot be had here."""
    with stand(FAULTS[0], folder, cache) as place, traffic(place, 220) as load:
        time.sleep(4.0)
        found = tuple(_kill_at(step, place, folder) for step in range(1, len(SHARES) + 1))
    load.records.write_parquet(folder / "requests.parquet")
    return Kills(found, load.sent, load.lost)


def _kill_at(step: int, place: Stand, folder: Path) -> Killed:
    name = f"killed-at-{step}"
    record, weights = CanaryFolder(folder), place.front.spec.weights()
    process = _controller(name, place, folder)
    give_up = time.monotonic() + STEP_PATIENCE_S
    while steps_taken(record.journal(name)) < step and time.monotonic() < give_up:
        time.sleep(0.1)
    time.sleep(0.5)
    then = weights.read().share
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    safe_after_s = _until_safe(weights, 3 * LEASE_S)
    outcome = run_plan(climbing_plan(name), place.front.spec, record, restart=False)
    events = read_journal(record.journal(name))
    assert outcome.verdict == "aborted"
    return Killed(step, then, safe_after_s, events[-1].reason, weights.read().share)


def _controller(name: str, place: Stand, folder: Path) -> subprocess.Popen[bytes]:
    plan, lever = folder / f"{name}.plan.yaml", folder / "lever.yaml"
    plan.write_text(yaml.safe_dump(climbing_plan(name).model_dump(mode="json")))
    lever.write_text(yaml.safe_dump(place.front.spec.model_dump(mode="json")))
    command = ["canary", "run", str(plan), str(lever), "--folder", str(folder), "--yes"]
    with (folder / f"{name}.log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-c", "from acceltrial.cli import main; main()", *command],
            stdout=log,
            stderr=log,
            env=child_environment(),
        )


def _until_safe(weights: Weights, most_s: float) -> float | None:
    begun = time.monotonic()
    while time.monotonic() - begun < most_s:
        if weights.read().share == 0:
            return time.monotonic() - begun
        time.sleep(0.02)
    return None


def rows(kills: Kills) -> pl.DataFrame:
    """The kills as a table."""
    return pl.DataFrame([{**vars(kill), "safe": kill.safe} for kill in kills.kills])
