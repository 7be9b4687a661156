"""Parameters of the stage `canary`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from acceltrial.canary.degrade import Degradation
from acceltrial.canary.guardrails import (
    ErrorGuardrail,
    JudgeSettings,
    LatencyGuardrail,
    MemoryGuardrail,
    QualityGuardrail,
    Warmup,
)
from acceltrial.canary.plan import CanaryPlan
from stages.contract import StageParams


class CanaryParams(StageParams):
    """A trial of a minute on this machine: time-compressed, so its guardrails show only coarse harm.

    Attributes:
        lever: what splits the traffic here: the embedded split, or HAProxy where it is installed.
        workload: which workload's winner is tried; None takes the first that can be.
        target: the only target that may be the candidate; None takes the best-ranked one that runs here.
        baseline: the old path beside it: `same`, a second instance of the target, or `next`, the workload's
            next option that runs here. Two different servers need more time to be told apart.
        demonstration: whether a candidate that is degraded on purpose is tried as well.
        look_s: seconds between looks.
        baseline_s: traffic to the baseline alone before the first step.
        shares, hold_s, soak_s, deadline_s: see `CanaryPlan`.
        max_rps: the most requests a second; the rate keeps one instance busy for `utilisation` of the time.
        max_input_tokens, max_output_tokens: requests are cut to what two cores can serve.
        probe_every: looks between two questions with known answers to each instance.
        alpha: probability that a harmless candidate is rolled back.
        max_age_h: a finished trial older than this is run again.
    """

    lever: Literal["split", "haproxy"] = "split"
    workload: str | None = None
    target: str | None = None
    baseline: Literal["same", "next"] = "same"
    demonstration: bool = True
    look_s: float = Field(1.5, gt=0, le=60)
    baseline_s: float = Field(7.0, gt=0, le=600)
    shares: tuple[float, ...] = (0.25, 0.5, 1.0)
    hold_s: float = Field(7.5, gt=0)
    soak_s: float = Field(4.5, ge=0)
    deadline_s: float = Field(45.0, gt=0)
    max_rps: float = Field(8.0, gt=0)
    utilisation: float = Field(0.6, gt=0, lt=1)
    max_input_tokens: int = Field(32, gt=0)
    max_output_tokens: int = Field(4, gt=0)
    timeout_s: float = Field(10.0, gt=0)
    probe_every: int = Field(2, ge=1)
    alpha: float = Field(0.01, gt=0, lt=0.5)
    degradation: Degradation = Degradation(delay_share=0.8, delay_ms=1000.0, fail_share=0.6)
    seed: int = 20261122
    max_age_h: float | None = Field(720.0, gt=0)

    @field_validator("shares", mode="before")
    @classmethod
    def _as_tuple(cls, value: object) -> object:
        return tuple(value) if isinstance(value, list) else value

    def plan(self, canary: str, workload: str, baseline: str, candidate: str, purpose: str) -> CanaryPlan:
        """The plan of one trial. Raises pydantic's ValidationError when the parameters contradict."""
        judge = JudgeSettings(
            guardrails=(
                ErrorGuardrail(harm=0.25, weight=2),
                LatencyGuardrail(levels=(0.5, 0.9), margin=0.3, harm_odds=10, weight=2),
                QualityGuardrail(margin=0.05, harm=0.45),
                MemoryGuardrail(growth=0.15, weight=0.5),
            ),
            alpha=self.alpha,
            interval_s=self.look_s,
            reference_s=max(self.deadline_s, self.baseline_s),
            warmup=Warmup(min_s=self.look_s, max_s=2 * self.look_s),
            silence_s=max(self.hold_s, 2 * self.look_s),
            restart_looks=20,
            needs_power=False,
        )
        return CanaryPlan(
            canary=canary,
            workload=workload,
            baseline=baseline,
            candidate=candidate,
            purpose=purpose,
            shares=self.shares,
            hold_s=self.hold_s,
            min_requests=3,
            soak_s=self.soak_s,
            lease_s=2 * self.timeout_s + 4 * self.look_s,
            hold_limit_s=max(15.0, 4 * self.look_s),
            deadline_s=self.deadline_s,
            judge=judge,
        )
