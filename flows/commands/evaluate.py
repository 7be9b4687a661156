"""`acceltrial evaluate`."""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from acceltrial.cli.json_output import print_json
from acceltrial.cli.progress import done, say, shown
from acceltrial.errors import AwaitingSignOffError, ConfigurationError, GateError
from stages.running.workspace import Workspace, find_workspace, held


def evaluate(
    *,
    trace: Path | None = None,
    trace_format: str = "auto",
    workspace: Path | None = None,
    force: bool = False,
    gate: bool = False,
    now: str | None = None,
    json: Annotated[bool, Parameter(name="--json")] = False,
) -> int:
    """Run the whole pipeline. Finished work is kept: a killed or repeated run goes on where it was.

    Args:
        trace: Replay this trace for every token-generating workload, in a workspace of its own.
        trace_format: Format of the trace; `auto` looks at its content.
        workspace: The workspace to evaluate (default: the one that holds the current folder).
        force: Run every stage even where nothing changed. Measurements that still hold are kept.
        gate: Exit with 4 when a trial canary was rolled back, with 6 while sign-offs are missing.
        now: Evaluate at this instant (ISO 8601), to repeat an earlier evaluation.
        json: Print the outcome as JSON.
    """
    from flows.ahead import begin
    from flows.settings import prepare_environment
    from flows.workspaces import workspace_for_trace
    from stages.registry import all_stages

    instant = _instant(now)
    chosen = find_workspace(workspace)
    if trace is not None:
        chosen = workspace_for_trace(chosen, trace, trace_format)
    start = time.monotonic()
    with shown(), held(chosen):
        prepare_environment((find_workspace(workspace)).state)
        begin(chosen, all_stages())
        say("starting Prefect")
        from flows.evaluate import evaluate_flow
        from flows.services import temporary_prefect_server

        with temporary_prefect_server():
            outcomes = evaluate_flow(str(chosen.root), force=force, now=instant)
        _send_records(chosen)
    report = chosen.root / "data/stages/report/report.html"
    _print(outcomes, report, time.monotonic() - start, as_json=json)
    if gate:
        _check_gates(chosen)
    return 0


def _send_records(workspace: Workspace) -> None:
    from stages.running.tracking import send

    say("sending run records to the tracking server")
    sent = send(workspace)
    if sent.waiting:
        done(
            f"the tracking server did not take {sent.waiting} run records ({sent.problem}); they are kept and"
            " sent with the next evaluation, or now by `acceltrial lineage send`"
        )
    else:
        done(f"{sent.taken} run records sent to {_shown_uri(workspace.tracking_uri)}")


def _shown_uri(uri: str) -> str:
    """The address without user name and password."""
    scheme, _, rest = uri.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}"


def _print(outcomes: list[Any], report: Path, wall_s: float, *, as_json: bool) -> None:
    if as_json:
        document = {
            "wall_s": round(wall_s, 3),
            "report": str(report),
            "stages": [
                {
                    "stage": o.stage,
                    "state": o.state,
                    "wall_s": round(o.wall_s, 3),
                    "run": o.result.run if o.result else None,
                    "rows": o.result.rows if o.result else None,
                    "cells_run": o.result.cells_run if o.result else 0,
                }
                for o in outcomes
            ],
        }
        print_json(document)
        return
    if all(o.state == "unchanged" for o in outcomes):
        sys.stderr.write("Nothing changed since the last evaluation: nothing was run.\n")
    else:
        ran = sum(o.state == "ran" for o in outcomes)
        sys.stderr.write(f"Evaluation finished in {wall_s:.0f} s: {ran} of {len(outcomes)} stages ran.\n")
    sys.stdout.write(f"{report}\n")


def _check_gates(workspace: Workspace) -> None:
    import polars as pl

    from acceltrial.storage.tables import read_table
    from stages.artifacts import CANARY_VERDICTS, SIGN_OFFS

    canaries = read_table(workspace.root / CANARY_VERDICTS.path)
    back = canaries.filter((pl.col("purpose") == "trial") & (pl.col("verdict") == "rollback"))
    if back.height:
        names = ", ".join(back["canary"].to_list())
        raise GateError(
            f"rolled back: {names}", where="canary", remedy="read the canary's timeline in the report"
        )
    sheets = read_table(workspace.root / SIGN_OFFS.path)
    waiting = sheets.filter(pl.col("verdict") != "approved")
    if waiting.height:
        raise AwaitingSignOffError(
            f"{waiting.height} of {sheets.height} signatures are missing",
            where="sign-off",
            remedy="see the report's sheets",
        )


def _instant(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise ConfigurationError(
            f"{text!r} is no instant", where="--now", remedy="write it like 2026-11-22T09:00:00+00:00"
        ) from error
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
