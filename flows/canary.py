"""A canary on running servers as a Prefect flow: approval, one at a time, abort, and a record for people.

Everything that is decided is decided in `acceltrial.canary`; this flow waits for the approval, keeps two
canaries of one workload apart, and shows how it went. It may be killed: the lever's lease returns the
traffic, and the next run of the flow finds the unfinished journal, makes sure, and records it.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from prefect import flow, get_run_logger, pause_flow_run, task
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.cache_policies import NO_CACHE

from acceltrial.canary.controller import Controller
from acceltrial.canary.journal import read_journal
from acceltrial.canary.levers.split_proxy import SplitAddress, SplitProxyLever
from acceltrial.canary.outcome import Outcome
from acceltrial.canary.plan import CanaryPlan, load_plan
from acceltrial.canary.source import FeedSource
from acceltrial.errors import BusyError, ConfigurationError

APPROVAL_S = 24 * 3600


@flow(name="canary", flow_run_name="canary-{plan_path}", retries=0, persist_result=False)
def run_canary(
    plan_path: str,
    split_path: str,
    *,
    folder: str = ".acceltrial/canary",
    yes: bool = False,
    restart: bool = False,
) -> str:
    """Runs the plan at `plan_path` through the split whose address is in `split_path`; returns the verdict.

    The journal and the lock lie in `folder`. Unless `yes`, the run pauses for an approval before anything
    is touched. A file `<canary>.abort` in `folder` aborts it at the next look, its text being the reason.
    With an unfinished journal the baseline is restored; only `restart` then starts anew.

    Raises:
        BusyError: a canary of this workload runs already.
        ConfigurationError: the plan or the address is wrong.
    """
    plan, address = load_plan(Path(plan_path)), _address(Path(split_path))
    place = Path(folder)
    with one_at_a_time(place, plan.workload):
        if not yes:
            pause_flow_run(timeout=APPROVAL_S, key=f"approve-{plan.canary}")
        outcome = control(plan, address, place, restart=restart)
        show(outcome, place / f"{plan.canary}.jsonl")
    return outcome.verdict


@task(name="control", task_run_name="{plan.canary}", cache_policy=NO_CACHE, persist_result=False)
def control(plan: CanaryPlan, address: SplitAddress, place: Path, *, restart: bool) -> Outcome:
    """The controller's loop. Never retried by Prefect: what ends early ends on the baseline."""
    lever = SplitProxyLever(address)
    controller = Controller(
        plan,
        lever,
        FeedSource(lever),
        place / f"{plan.canary}.jsonl",
        holder=f"flow-{os.getpid()}",
        abort=lambda: abort_reason(place, plan.canary),
        progress=get_run_logger().info,
    )
    return controller.run(restart=restart)


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


@contextmanager
def one_at_a_time(place: Path, workload: str) -> Iterator[None]:
    """Keeps two canaries of one workload apart on this machine. Raises BusyError."""
    place.mkdir(parents=True, exist_ok=True)
    with (place / f"{workload}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BusyError(
                f"a canary of workload '{workload}' runs already",
                where=str(place),
                remedy=f"wait for it, or abort it by a file <canary>.abort in {place}",
            ) from error
        yield


def abort_reason(place: Path, canary: str) -> str:
    """Why a person wants the canary to end; "" when nobody does."""
    try:
        return (place / f"{canary}.abort").read_text(encoding="utf-8").strip() or "aborted by hand"
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError):
        return "aborted by hand"


def _address(path: Path) -> SplitAddress:
    try:
        return SplitAddress.from_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, TypeError) as error:
        raise ConfigurationError(
            f"not the address of a split ({error})",
            where=str(path),
            remedy="give the file with the JSON that the split's `address.to_json()` gives",
        ) from error
