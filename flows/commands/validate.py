"""`acceltrial validate`."""

from __future__ import annotations

import shutil
import sys
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import orjson
from cyclopts import Parameter

from acceltrial.cli.progress import say, shown
from stages.running.workspace import find_workspace

if TYPE_CHECKING:
    import polars as pl

READ = (
    "workloads.yaml", "models.yaml", "targets.yaml", "traces.yaml", "offers.yaml", "overrides.yaml",
    "governance.yaml", "policy.yaml", "billing.yaml", "last_quarter.json",
)  # fmt: skip
"""Files of a portfolio; traces and bills are named in them."""


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
    root = find_workspace(workspace).root
    with shown():
        counts, findings = _collect(root)
    findings += _unread(root / "data" / "portfolio")
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
    from stages.artifacts import (
        COLLECT_FINDINGS,
        MODELS,
        PORTFOLIO,
        PRICES,
        TARGETS,
        TRACE_SOURCES,
        WORKLOADS,
    )
    from stages.registry import get_stage
    from stages.running.runner import prepare
    from stages.running.workspace import Workspace

    prepared = prepare(get_stage("collect"), Workspace(root), progress=say)
    try:
        assert prepared.stage.run is not None
        tables: Any = prepared.stage.run(prepared.inputs, prepared.params, prepared.context)
        _read_optional(prepared.inputs.path(PORTFOLIO.name), tables[PRICES.name], prepared.context.now.date())
    finally:
        shutil.rmtree(prepared.context.scratch, ignore_errors=True)
    counts = {table.name: tables[table.name].height for table in (WORKLOADS, MODELS, TARGETS, TRACE_SOURCES)}
    return counts, tables[COLLECT_FINDINGS.name].to_dicts()


def _read_optional(portfolio: Path, prices: pl.DataFrame, today: date) -> None:
    """Reads what later stages read of the portfolio, so that a slip shows now."""
    from acceltrial.cost.billed_rules import load_billing
    from stages.report.changes import read_last
    from stages.score.admission import rules_for
    from stages.score.billing import BILLING
    from stages.score.governance import load_evidence
    from stages.score.overrides import Applied
    from stages.score.private_offers import with_private_offers

    rules_for(portfolio)
    with_private_offers(prices, portfolio, today)
    load_evidence(portfolio)
    Applied.of(portfolio, today)
    if (portfolio / BILLING).is_file():
        load_billing(portfolio / BILLING)
    read_last(portfolio)


def _unread(portfolio: Path) -> list[dict[str, Any]]:
    """A finding for each file whose name nothing reads: misspelt, it would be passed over in silence."""
    names = sorted(p.name for p in portfolio.iterdir() if p.suffix in {".yaml", ".yml", ".json"})
    return [
        {
            "severity": "warning",
            "subject_kind": "file",
            "subject": name,
            "finding": f"unread {name}",
            "detail": "nothing reads a file of this name",
            "remedy": f"rename it to {near[0]}"
            if (near := get_close_matches(name, READ, n=1, cutoff=0.85))
            else f"read are: {', '.join(READ)}",
        }
        for name in names
        if name not in READ
    ]


def _alike(findings: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Findings of one kind together, the gravest first."""
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for finding in findings:
        groups.setdefault((finding["severity"], finding["finding"]), []).append(finding)
    order = ("error", "warning", "info")
    return sorted(groups.values(), key=lambda group: order.index(group[0]["severity"]))
