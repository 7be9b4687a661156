"""What a plan can show with the traffic it expects, before it starts."""

from __future__ import annotations

from acceltrial.canary.detectable import Detectable, detectable
from acceltrial.canary.guardrails import JudgeSettings, default_guardrails
from acceltrial.canary.plan import CanaryPlan


def canary_requests(plan: CanaryPlan, rps: float) -> float:
    """Canary requests before the promotion: holds at rising shares, the last up to the deadline."""
    steps = [share for share in plan.shares if share < 1]
    held = sum(share * plan.hold_s for share in steps[:-1])
    rest = plan.deadline_s - plan.soak_s - plan.hold_s * (len(steps) - 1)
    return rps * (held + steps[-1] * rest)


def forecast(plan: CanaryPlan, rps: float) -> list[tuple[Detectable, float]]:
    """For each guardrail that counts requests: what it can show, and the canary requests expected."""
    requests = canary_requests(plan, rps)
    total = rps * (plan.deadline_s - plan.soak_s)
    return expectation(plan.judge, requests, max(total - requests, 1.0) / max(requests, 1e-9))


def expectation(
    settings: JudgeSettings, requests: float, per_canary: float
) -> list[tuple[Detectable, float]]:
    """The same for a number of canary requests with `per_canary` baseline requests beside each.

    Quality is left out: how many responses will be scored is not known beforehand.
    """
    rules = settings.guardrails or default_guardrails(set())
    bounds = settings.bounds(rules)
    counting = [rule for rule in rules if rule.kind != "quality"]
    found = [detectable(rule, bounds[rule.name], per_canary=per_canary) for rule in counting]
    return [(shown, requests) for shown in found if shown is not None]


def too_thin(plan: CanaryPlan) -> str:
    """Why the expected traffic cannot show what the guardrails demand; "" when it can or is not known."""
    if plan.expected_rps is None:
        return ""
    for shown, requests in forecast(plan, plan.expected_rps):
        if not shown.enough(requests):
            smallest = shown.smallest_share(requests)
            seen = "nothing" if smallest is None else f"{smallest:.1%} or more"
            return (
                f"{shown.guardrail}: {requests:.0f} canary requests can show {seen} against"
                f" {shown.baseline_share:.1%}; {shown.demanded_share:.1%} takes {shown.needed_requests}"
            )
    return ""
