"""`acceltrial validate`."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Annotated, Any

import orjson
from cyclopts import Parameter

from acceltrial.cli.progress import say, shown
from stages.running.workspace import find_workspace


def validate(
    *, workspace: Path | None = None, json: Annotated[bool, Parameter(name="--json")] = False
) -> int:
    """Check portfolio, catalogue and traces as the first stage does, in seconds; writes nothing.

    Ends with 2 where the portfolio is wrong and with 3 where a trace or a catalogue table is, each time with
    the place and the remedy.

    Args:
        workspace: The workspace (default: the one that holds the current folder).
        json: Print what was read and what was found as JSON.
    """
    with shown():
        counts, findings = _collect(find_workspace(workspace).root)
    if json:
        sys.stdout.write(orjson.dumps({"read": counts, "findings": findings}).decode() + "\n")
        return 0
    for group in _alike(findings):
        first, more = group[0], len(group) - 1
        others = f" (and {more} more like it)" if more else ""
        sys.stdout.write(
            f"{first['severity']}: {first['subject_kind']} {first['subject']}: {first['detail']}{others}\n"
            f"  → {first['remedy']}\n"
        )
    read = ", ".join(f"{name.replace('_', ' ')} {n}" for name, n in counts.items())
    sys.stdout.write(f"sound: {read}\n")
    return 0


def _collect(root: Path) -> tuple[dict[str, int], list[dict[str, Any]]]:
    """Rows of each table that a person wrote, and the findings, from the stage's own code."""
    from stages.artifacts import COLLECT_FINDINGS, MODELS, TARGETS, TRACE_SOURCES, WORKLOADS
    from stages.registry import get_stage
    from stages.running.runner import prepare
    from stages.running.workspace import Workspace

    prepared = prepare(get_stage("collect"), Workspace(root), progress=say)
    try:
        assert prepared.stage.run is not None
        tables: Any = prepared.stage.run(prepared.inputs, prepared.params, prepared.context)
    finally:
        shutil.rmtree(prepared.context.scratch, ignore_errors=True)
    counts = {table.name: tables[table.name].height for table in (WORKLOADS, MODELS, TARGETS, TRACE_SOURCES)}
    return counts, tables[COLLECT_FINDINGS.name].to_dicts()


def _alike(findings: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Findings of one kind together, the gravest first."""
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for finding in findings:
        groups.setdefault((finding["severity"], finding["finding"]), []).append(finding)
    order = ("error", "warning", "info")
    return sorted(groups.values(), key=lambda group: order.index(group[0]["severity"]))
