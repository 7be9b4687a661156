"""What to do next: a pure function of the situation, apart from all clocks, levers and files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from acceltrial.canary.judge import Judgement
from acceltrial.canary.plan import CanaryPlan

Kind = Literal["stay", "advance", "rollback", "end", "abort", "settle"]


@dataclass(frozen=True)
class Situation:
    """Everything a decision rests on. Times in seconds.

    Attributes:
        step: index of the present share in the plan.
        at_step_s, elapsed_s: time at this step, and since the start.
        step_requests: the canary's requests at this step.
        judgement: of the last look; None while metrics or lever are lost, and in the soak.
        lost_s: how long lever or metrics have been lost; 0 when they are there.
        hindered_s: how long the judge has been unable to judge.
        lost_why: what is lost.
        lever_problem: how the lever contradicts itself or refuses; "" when it does not.
        soak_breach: guardrail and reason of what broke in the soak.
        down_s: how long the lever's own health check has found the canary down.
        approved: whether a person allows the next step; None while nobody has said.
        abort: why a person wants it to end; "" when nobody does.
    """

    plan: CanaryPlan
    step: int
    at_step_s: float
    elapsed_s: float
    step_requests: int
    judgement: Judgement | None
    lost_s: float = 0.0
    lost_why: str = ""
    hindered_s: float = 0.0
    lever_problem: str = ""
    soak_breach: tuple[str, str] | None = None
    down_s: float = 0.0
    approved: bool | None = True
    abort: str = ""


@dataclass(frozen=True)
class Decision:
    """What to do, why, and which guardrail said so."""

    kind: Kind
    reason: str
    guardrail: str | None = None
    verdict: str | None = None


def decide(now: Situation) -> Decision:
    """The next act. Whatever could be harm comes before whatever could be progress."""
    plan, judgement = now.plan, now.judgement
    if now.abort:
        return Decision("abort", now.abort)
    if now.lever_problem:
        return Decision("rollback", now.lever_problem, "lever", "rollback")
    if judgement and judgement.verdict == "rollback":
        return Decision("rollback", judgement.reason, judgement.guardrail, "rollback")
    if now.down_s >= plan.judge.interval_s:
        text = f"health: the lever's own check has found the canary down for {now.down_s:.0f} s"
        return Decision("rollback", text, "health", "rollback")
    if now.soak_breach:
        return Decision("rollback", now.soak_breach[1], now.soak_breach[0], "rollback")
    for held, name, what in (
        (now.lost_s, "metrics", f"lever or metrics were lost ({now.lost_why})"),
        (now.hindered_s, judgement.guardrail if judgement else None, judgement.reason if judgement else ""),
    ):
        if held >= plan.hold_limit_s:
            return Decision("rollback", f"{what}, for {held:.0f} s", name, "rollback")
    soaking = plan.shares[now.step] == 1
    if now.elapsed_s >= plan.deadline_s:
        verdict = judgement.verdict if judgement and judgement.verdict != "promote" else "hold"
        reason = f"the deadline of {plan.deadline_s:g} s has come at a share of {plan.shares[now.step]:.0%}"
        if judgement and judgement.verdict != "promote":
            reason += f"; {judgement.reason}"
        return Decision("end", reason, judgement.guardrail if judgement else None, verdict)
    if now.lost_s or now.hindered_s:
        why = now.lost_why or (judgement.reason if judgement else "")
        return Decision(
            "stay", f"held: no judgement is possible ({why})", judgement.guardrail if judgement else None
        )
    if soaking:
        if now.at_step_s >= plan.soak_s:
            return Decision("settle", f"nothing broke in {plan.soak_s:g} s with all traffic", None, "promote")
        return Decision("stay", "soak: the old path stays warm")
    return _climb(now, judgement)


def _climb(now: Situation, judgement: Judgement | None) -> Decision:
    plan = now.plan
    if now.at_step_s < plan.hold_s:
        return Decision("stay", f"{now.at_step_s:.0f} of {plan.hold_s:g} s at this step")
    if now.step_requests < plan.min_requests:
        text = f"{now.step_requests} of {plan.min_requests} canary requests at this step"
        return Decision("stay", text)
    following = plan.shares[now.step + 1]
    if following == 1 and (judgement is None or judgement.verdict != "promote"):
        reason = judgement.reason if judgement else "no judgement yet"
        return Decision("stay", f"not yet shown: {reason}", judgement.guardrail if judgement else None)
    if now.approved is None:
        return Decision("stay", f"waits for the approval of the step to {following:.0%}")
    if not now.approved:
        return Decision("abort", f"the step to {following:.0%} was not approved")
    return Decision("advance", f"from {plan.shares[now.step]:.0%} to {following:.0%}: no guardrail objects")
