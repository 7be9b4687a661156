"""What the parts of a serving cell share: demand, limits, the window that it replays, how a phase ends."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from acceltrial.evidence.machine import describe_machine
from acceltrial.quality.task import Task
from acceltrial.targets import TargetSpec
from stages.benchmark.cells import LOCAL_KINDS
from stages.benchmark.levels import Demand
from stages.benchmark.outcome import Outcome
from stages.benchmark.params import BenchmarkParams
from stages.benchmark.quality import task_of
from stages.benchmark.rows import RowMaker
from stages.benchmark.thinning import Cut, Window, window_of
from stages.contract import Context


@dataclass
class Session:
    """What the parts of a serving cell share."""

    key: str
    spec: Mapping[str, Any]
    target: TargetSpec
    demand: Demand
    params: BenchmarkParams
    context: Context
    requests: pl.DataFrame
    outcome: Outcome
    begun: float
    busy: str = ""
    most_together: int = 1
    """Streams of the highest level of the screen that was answered."""
    screened: list[dict[str, Any]] = field(default_factory=list)
    """What the screen saw of each level, for calibration."""

    def maker(self, phase: str, *, adjustments: str = "", source: str = "") -> RowMaker:
        """A maker of rows for one phase."""
        return RowMaker(
            workload=self.spec["workload"],
            option=self.spec["option"],
            phase=phase,
            model=self.target.model,
            precision=self.target.precision,
            cell=f"{self.key}.{phase}",
            run=self.context.run,
            date=self.context.now,
            source="; ".join(text for text in (source, self.busy) if text),
            adjustments=adjustments,
        )

    def instant(self) -> datetime:
        """The run's date plus the time that this cell has taken."""
        return self.context.now + timedelta(seconds=time.monotonic() - self.begun)

    def close(self, phase: str, status: str, detail: str, started: datetime) -> None:
        """Records how a phase ended."""
        self.outcome.close(
            f"{self.key}.{phase}",
            dict(self.spec),
            phase=phase,
            status=status,
            detail="; ".join(text for text in (detail, self.busy) if text),
            started=started,
            finished=self.instant(),
            machine=self.context.machine or str(describe_machine().get("cpu_model", "")),
            run=self.context.run,
        )


def replay_window(session: Session, best_rps: float) -> Window:
    """The piece of the trace to replay: as it is, or thinned to what the screen says the target bears."""
    params, kind = session.params, session.target.kind
    ceiling = params.rate_ceiling_rps.get(kind, 2.0)
    sustained = params.utilisation * best_rps
    local = kind in LOCAL_KINDS
    window = window_of(
        session.requests,
        Cut(
            seconds=params.replay_seconds,
            most_rps=min(ceiling, sustained),
            least_requests=params.replay_min_requests,
            longest_s=params.replay_longest_s,
            max_input_tokens=params.max_input_tokens if local else None,
            max_output_tokens=params.max_output_tokens if local else None,
            seed=params.seed,
            generates=generates(session),
        ),
    )
    if "thinned" not in window.adjustments:
        return window
    why = (
        f"to at most {params.utilisation:.0%} of the {best_rps:.3g} requests/s that the screen saw"
        if sustained < ceiling
        else f"to at most {ceiling:g} requests/s"
    )
    return replace(window, adjustments=f"{window.adjustments}; rate limited {why}")


def median_lengths(session: Session) -> tuple[int, int, str]:
    """Median prompt and answer of the trace, cut as the replay's are, with what was cut in words."""
    params, notes = session.params, []
    local = session.target.kind in LOCAL_KINDS
    found = []
    for column, most, what, fallback in (
        ("input_tokens", params.max_input_tokens, "prompts", 64),
        ("output_tokens", params.max_output_tokens, "outputs", 16),
    ):
        median = session.requests[column].drop_nulls().median()
        value = max(1, int(median)) if isinstance(median, int | float) else fallback
        if what == "outputs" and not generates(session):
            value = 1
        if local and value > most:
            notes.append(f"median {what} cut from {value} to {most} tokens")
            value = most
        found.append(value)
    return found[0], found[1], "; ".join(notes)


def task_for(session: Session, output_tokens: float) -> Task | None:
    """The task whose answers are judged; None where the target generates nothing."""
    if not generates(session):
        return None
    return task_of(session.spec["needs"], output_tokens, session.params)


def generates(session: Session) -> bool:
    """Whether the target writes text."""
    return session.target.api in {"completions", "chat"}
