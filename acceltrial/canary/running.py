"""Runs a plan on a lever of the user's own: what the flow and `acceltrial canary run` share."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from typing import Any

from acceltrial.canary.access_log import AccessLogFeed
from acceltrial.canary.controller import Controller
from acceltrial.canary.folder import CanaryFolder
from acceltrial.canary.lever import Lever
from acceltrial.canary.levers.kept import lever_of
from acceltrial.canary.levers.split_proxy import SplitProxyLever
from acceltrial.canary.outcome import Outcome
from acceltrial.canary.plan import CanaryPlan
from acceltrial.canary.source import Feed, FeedSource, MemoryReader, Prober
from acceltrial.errors import ConfigurationError


def run_plan(
    plan: CanaryPlan,
    spec: Any,
    folder: CanaryFolder,
    *,
    restart: bool = False,
    approve: Callable[[CanaryPlan], bool] = lambda _plan: True,
    progress: Callable[[str], None] = lambda _line: None,
    memory: MemoryReader = lambda _arm: None,
    prober: Prober | None = None,
    probe_every: int = 1,
) -> Outcome:
    """Carries `plan` out on the lever that `spec` describes; its record and its people's words in `folder`.

    `prober` puts its question to each arm at every `probe_every`th look.

    Raises:
        BusyError: a canary of this workload runs already.
        ConfigurationError: nothing tells how the requests went.
        LeverError: the traffic system cannot be reached before the start.
    """
    with folder.one_at_a_time(plan.workload), lever_of(spec, folder.path) as lever:
        source = FeedSource(
            feed_of(spec, lever),
            memory=memory,
            prober=prober,
            probe_every=probe_every,
            usd_per_h=plan.usd_per_h,
        )
        controller = Controller(
            plan, lever, source, folder.journal(plan.canary),
            # A name of its own each time: the lever refuses a holder whose lease has once ended.
            holder=f"{os.getpid()}-{secrets.token_hex(4)}",
            approve=approve,
            approve_step=lambda step: folder.approval(plan.canary, step),
            abort=lambda: folder.abort_reason(plan.canary),
            progress=progress,
        )  # fmt: skip
        try:
            return controller.run(restart=restart)
        finally:
            folder.forget(plan.canary)


def feed_of(spec: Any, lever: Lever) -> Feed:
    """What tells how requests went. Raises ConfigurationError when nothing does."""
    if isinstance(lever, SplitProxyLever):
        return lever
    if spec.access_log is None:
        raise ConfigurationError(
            "nothing tells how the requests went: the lever has no access log",
            where=f"lever {spec.kind}: access_log",
            remedy="give the proxy's log, in the format of docs/canary.md",
        )
    names = (spec.baseline, spec.canary)
    return AccessLogFeed(spec.access_log, *names)
