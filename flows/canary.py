"""A canary on running servers as a Prefect flow: approval, one at a time, abort, and a record for people.

Everything that is decided is decided in `acceltrial.canary`; this flow waits for the approval and shows
how it went. It may be killed: the lever's lease returns the traffic, and the next run of the flow finds
the unfinished journal, makes sure, and records it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from prefect import flow, get_run_logger, pause_flow_run, task
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.cache_policies import NO_CACHE

from acceltrial.canary.folder import CanaryFolder
from acceltrial.canary.journal import read_journal
from acceltrial.canary.levers.spec import load_lever
from acceltrial.canary.outcome import Outcome
from acceltrial.canary.plan import CanaryPlan, load_plan
from acceltrial.canary.running import run_plan

APPROVAL_S = 24 * 3600


@flow(name="canary", flow_run_name="canary-{plan_path}", retries=0, persist_result=False)
def run_canary(
    plan_path: str,
    lever_path: str,
    *,
    folder: str = ".acceltrial/canary",
    yes: bool = False,
    restart: bool = False,
) -> str:
    """Runs the plan at `plan_path` on the lever that the file `lever_path` describes; returns the verdict.

    The journal and the locks lie in `folder`. Unless `yes`, the run pauses for an approval before anything
    is touched. `acceltrial canary abort` ends it within a second, `acceltrial canary approve` allows the
    steps for which the plan wants that. With an unfinished journal the baseline is restored; only
    `restart` then starts anew.

    Raises:
        BusyError: a canary of this workload runs already.
        ConfigurationError: the plan or the lever is wrong.
    """
    plan, lever = load_plan(Path(plan_path)), load_lever(Path(lever_path))
    place = CanaryFolder(Path(folder))
    if not yes:
        pause_flow_run(timeout=APPROVAL_S, key=f"approve-{plan.canary}")
    outcome = control(plan, lever, place, restart=restart)
    show(outcome, place.journal(plan.canary))
    return outcome.verdict


@task(name="control", task_run_name="{plan.canary}", cache_policy=NO_CACHE, persist_result=False)
def control(plan: CanaryPlan, lever: Any, place: CanaryFolder, *, restart: bool) -> Outcome:
    """The controller's loop. Never retried by Prefect: what ends early ends on the baseline."""
    return run_plan(plan, lever, place, restart=restart, progress=get_run_logger().info)


def show(outcome: Outcome, journal: Path) -> None:
    """Puts the verdict and the events into Prefect's view of the run."""
    name = f"canary-{outcome.canary}".lower().replace(".", "-").replace("_", "-").replace("@", "-")
    key = "".join(c for c in name if c.isalnum() or c == "-")
    create_markdown_artifact(
        f"**{outcome.verdict}** after {outcome.at_s:.0f} s, share {outcome.final_share:.0%}.\n\n"
        f"{outcome.reason}\n",
        key=key,
    )
    rows = [{**event.row(), "at": event.at.isoformat()} for event in read_journal(journal)]
    create_table_artifact(rows, key=f"{key}-events")
