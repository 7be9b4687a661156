"""`acceltrial canary run | abort | approve | status`: a canary on the user's own traffic."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

FOLDER = Path(".acceltrial/canary")
ROLLED_BACK = 4
VERDICTS_THAT_FAIL = frozenset({"rollback", "aborted", "hold", "insufficient_traffic"})


def run(
    plan_file: Path,
    lever_file: Path,
    *,
    folder: Path = FOLDER,
    yes: Annotated[bool, Parameter(negative="")] = False,
    restart: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Carry a plan out on live traffic; whatever ends it, traffic ends on the safe side.

    Exits with 0 when the candidate was promoted, and with 4 when it was not, for whatever reason.

    Args:
        plan_file: YAML of the plan: steps, holds, guardrails, lease.
        lever_file: YAML of what moves the traffic: split, haproxy, envoy, sagemaker or httproute.
        folder: where the journal and the locks lie.
        yes: do not ask before the first step.
        restart: after bringing an unfinished canary of this name to its safe end, start anew.
    """
    from acceltrial.canary.folder import CanaryFolder
    from acceltrial.canary.levers.spec import load_lever
    from acceltrial.canary.plan import CanaryPlan, load_plan
    from acceltrial.canary.running import run_plan

    def asked(plan: CanaryPlan) -> bool:
        if yes:
            return True
        sys.stderr.write(
            f"{plan.candidate} gets {plan.shares[0]:.0%} of {plan.workload}'s traffic. Go? [y/N] "
        )
        sys.stderr.flush()
        return sys.stdin.readline().strip().lower() in {"y", "yes"}

    outcome = run_plan(
        load_plan(plan_file), load_lever(lever_file), CanaryFolder(folder), restart=restart, approve=asked,
        progress=lambda line: print(line, file=sys.stderr),
    )  # fmt: skip
    print(f"{outcome.verdict}: {outcome.reason}")
    if outcome.verdict in VERDICTS_THAT_FAIL:
        raise SystemExit(ROLLED_BACK)


def abort(canary: str, *, reason: str = "", folder: Path = FOLDER) -> None:
    """End a running canary within about a second; its traffic returns to the baseline.

    Args:
        canary: its name in the plan.
        reason: for the record.
        folder: where its journal lies.
    """
    from acceltrial.canary.folder import CanaryFolder

    CanaryFolder(folder).ask_abort(canary, reason)


def approve(
    canary: str,
    step: int | None = None,
    *,
    no: Annotated[bool, Parameter(negative="")] = False,
    folder: Path = FOLDER,
) -> None:
    """Allow a waiting canary its steps up to STEP (2 is the second), or refuse the next one with --no.

    Args:
        canary: its name in the plan.
        step: the step's number, counted from 1.
        no: refuse: the canary ends as aborted.
        folder: where its journal lies.
    """
    from acceltrial.canary.folder import CanaryFolder
    from acceltrial.errors import ConfigurationError

    if no == (step is not None) or (step is not None and step < 1):
        raise ConfigurationError(
            "say which step is allowed, or --no",
            where="canary approve",
            remedy="acceltrial canary approve NAME 2",
        )
    CanaryFolder(folder).approve(canary, None if step is None else step - 1)


def status(canary: str, *, folder: Path = FOLDER) -> None:
    """Print a canary's record; its hash chain is checked on the way.

    Args:
        canary: its name in the plan.
        folder: where its journal lies.
    """
    from acceltrial.canary.folder import CanaryFolder
    from acceltrial.canary.journal import read_journal

    place = CanaryFolder(folder)
    place.known(canary)
    for event in read_journal(place.journal(canary)):
        print(f"{event.t_s:9.1f} s  {event.share:6.1%}  {event.event:16}  {event.reason}")


def add_to(app: App) -> None:
    """Registers these commands."""
    for command in (run, abort, approve, status):
        app.command(command)
