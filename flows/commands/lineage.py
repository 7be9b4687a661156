"""`acceltrial lineage find|send`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import cyclopts
from cyclopts import Parameter

from acceltrial.cli.json_output import print_json
from acceltrial.cli.progress import shown
from acceltrial.errors import AcceltrialError
from stages.running.workspace import find_workspace

app = cyclopts.App(
    name="lineage", help="From a data digest to the runs that used it; send waiting run records"
)


@app.command
def find(
    what: str, *, workspace: Path | None = None, json: Annotated[bool, Parameter(name="--json")] = False
) -> int:
    """The runs that read or wrote a data set.

    Args:
        what: A DVC digest (as in dvc.lock), or the path of a file or folder.
        workspace: The workspace (default: the one that holds the current folder).
        json: Print as JSON.
    """
    from stages.running.digests import dvc_digest
    from stages.running.tracking import find_runs

    digest = dvc_digest(Path(what)) if Path(what).exists() else what
    rows = find_runs(find_workspace(workspace), digest)
    if json:
        print_json(rows)
    else:
        for row in rows:
            sys.stdout.write(f"{row['name']:<40} {row['used_as']:<14} {row['run']}  {row['mlflow_run_id']}\n")
        sys.stderr.write(f"{len(rows)} runs used {digest}\n")
    return 0


@app.command
def send(*, workspace: Path | None = None) -> int:
    """Send the run records that the tracking server has not taken yet.

    Args:
        workspace: The workspace (default: the one that holds the current folder).
    """
    from flows.commands.evaluate import _send_records
    from stages.running import records

    chosen = find_workspace(workspace)
    with shown():
        _send_records(chosen)
    if left := len(records.waiting(chosen.outbox)):
        raise AcceltrialError(
            f"{left} run records wait",
            where=str(chosen.outbox),
            remedy="start the tracking server, then send again",
        )
    return 0
