"""`acceltrial stages list|run`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import cyclopts
import orjson
from cyclopts import Parameter

from acceltrial.cli.json_output import print_json
from acceltrial.cli.progress import done, say, shown
from stages.running.workspace import find_workspace, held

app = cyclopts.App(name="stages", help="List the stages, or run one of them")


@app.command(name="list")
def list_stages(*, params: str | None = None, json: Annotated[bool, Parameter(name="--json")] = False) -> int:
    """What each stage reads, writes and takes as parameters.

    Args:
        params: Show the parameters of this stage with their defaults.
        json: Print as JSON.
    """
    from stages.registry import all_stages, get_stage

    if params:
        schema = get_stage(params).params.model_json_schema()
        print_json(schema)
        return 0
    rows = [
        {
            "stage": stage.name,
            "version": stage.version,
            "about": stage.about,
            "inputs": [artifact.path for artifact in stage.inputs],
            "outputs": [artifact.path for artifact in stage.outputs],
            "cells": stage.grid is not None,
        }
        for stage in all_stages()
    ]
    if json:
        print_json(rows)
        return 0
    for row in rows:
        sys.stdout.write(f"{row['stage']:<14} v{row['version']:<8} {row['about']}\n")
    return 0


@app.command(name="run")
def run_one(
    name: str,
    *,
    workspace: Path | None = None,
    now: str | None = None,
    run: str | None = None,
    send: bool = True,
    json: Annotated[bool, Parameter(name="--json")] = False,
) -> int:
    """Run one stage in this process; its inputs must be there. This is what `dvc repro` calls.

    Args:
        name: The stage.
        workspace: The workspace (default: the one that holds the current folder).
        now: Run as at this instant (ISO 8601), to repeat an earlier run.
        run: Identifier of the run that is repeated.
        send: Send run records to the tracking server at the end.
        json: Print the result as JSON.
    """
    from flows.commands.evaluate import _instant, _send_records
    from stages.registry import get_stage
    from stages.running.expiry import remember_expiry
    from stages.running.runner import run_stage

    stage, chosen = get_stage(name), find_workspace(workspace)
    with shown(), held(chosen):
        result = run_stage(stage, chosen, now=_instant(now), run=run, progress=say)
        remember_expiry(chosen, result)
        done(f"{name}: done, run {result.run}, {result.cells_run} cells run, {result.cells_kept} kept")
        if send:
            _send_records(chosen)
    if json:
        sys.stdout.write(orjson.dumps(result).decode() + "\n")
    else:
        for path in result.outputs:
            sys.stdout.write(f"{chosen.root / path}\n")
    return 0
