"""What is to happen, step by step, fixed before the start."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from acceltrial.canary.guardrails import JudgeSettings, parse
from acceltrial.errors import ConfigurationError

NAME = r"^[A-Za-z0-9][A-Za-z0-9._@+-]{0,127}$"
Name = Annotated[str, Field(pattern=NAME)]
Arm = Annotated[str, Field(pattern="^(baseline|canary)$")]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class CanaryPlan(BaseModel):
    """One canary. Contradictory settings are refused.

    Attributes:
        canary: its name; also the journal's.
        shares: the canary's share of traffic at each step, rising, each in (0, 1]. The last is 1,
            the promotion: it is taken only when every guardrail has shown the absence of harm.
        hold_s: the least time at each step.
        min_requests: the least number of judged canary requests at each step.
        soak_s: how long the old path stays warm at a share of 1 before the change is final.
        lease_s: without a renewal for so long the lever itself returns traffic to the baseline.
        hold_limit_s: a lost lever, lost metrics or a baseline that is no measure hold the canary so long;
            then it is rolled back.
        deadline_s: then the canary ends and traffic returns to the baseline, whatever was shown.
        approve_steps: whether a person approves every step after the first (whoever runs the plan asks for
            the first).
        ramp_down_s: an end without harm (deadline, abort) goes back through the earlier steps over so long,
            so that the baseline is not hit at once; harm is rolled back at once. 0: always at once.
        usd_per_h: what an hour of each arm's server costs (`baseline`, `canary`); with it a request costs the
            time for which it occupies its server, and cost per success is judged.
        expected_rps: expected traffic of both arms; with it a canary that cannot show anything is not begun.
        judge: guardrails, error budget and the time between looks.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    canary: Name
    workload: Name
    baseline: Name
    candidate: Name
    purpose: Literal["trial", "demonstration"] = "trial"
    shares: tuple[float, ...] = Field((0.01, 0.05, 0.25, 0.5, 1.0), min_length=1)
    hold_s: Seconds = 600.0
    min_requests: Annotated[int, Field(ge=1)] = 100
    soak_s: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 1800.0
    lease_s: Seconds = 180.0
    hold_limit_s: Seconds = 300.0
    deadline_s: Seconds = 14400.0
    approve_steps: bool = False
    ramp_down_s: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    usd_per_h: dict[Arm, Seconds] = {}
    expected_rps: Seconds | None = None
    judge: JudgeSettings = JudgeSettings()

    @field_validator("shares", mode="before")
    @classmethod
    def _as_tuple(cls, value: Any) -> Any:
        return tuple(value) if isinstance(value, list) else value

    @model_validator(mode="after")
    def _consistent(self) -> CanaryPlan:
        if any(not 0 < share <= 1 for share in self.shares):
            raise ValueError(f"shares must lie in (0, 1]; as parts of one, not per cent: {list(self.shares)}")
        if any(b <= a for a, b in zip(self.shares, self.shares[1:], strict=False)):
            raise ValueError(f"shares must rise from step to step: {list(self.shares)}")
        if self.shares[-1] != 1 or len(self.shares) < 2:
            raise ValueError(f"shares must end at 1 after at least one smaller step: {list(self.shares)}")
        if self.hold_s < self.judge.interval_s:
            raise ValueError(
                f"hold_s {self.hold_s:g} is shorter than one look (interval_s {self.judge.interval_s:g})"
            )
        if len(self.usd_per_h) == 1:
            raise ValueError("usd_per_h needs both arms: one price has nothing to be compared with")
        if self.ramp_down_s >= self.lease_s * len(self.shares):
            raise ValueError(
                f"ramp_down_s {self.ramp_down_s:g} is longer than the leases of its steps"
                f" (lease_s {self.lease_s:g})"
            )
        if self.lease_s < 2 * self.judge.interval_s:
            raise ValueError(
                f"lease_s {self.lease_s:g} must span two looks (interval_s {self.judge.interval_s:g})"
            )
        needed = self.hold_s * sum(share < 1 for share in self.shares)
        if self.deadline_s < needed + self.soak_s:
            raise ValueError(
                f"deadline_s {self.deadline_s:g} is before the end of all holds and the soak"
                f" ({needed + self.soak_s:g} s)"
            )
        return self


def load_plan(path: Path) -> CanaryPlan:
    """The plan in a YAML file. Raises ConfigurationError with the failing key."""
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(
            "the plan cannot be read", where=str(path), remedy="check the path"
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"not YAML ({str(error).splitlines()[0]})", where=str(path), remedy="correct the syntax"
        ) from error
    return parse(CanaryPlan, document, str(path))
