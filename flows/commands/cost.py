"""`acceltrial cost billed`."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import cyclopts
from cyclopts import Parameter

from acceltrial.cli.json_output import print_json
from acceltrial.errors import ConfigurationError
from stages.running.workspace import find_workspace

if TYPE_CHECKING:
    from acceltrial.cost.billed import Comparison

app = cyclopts.App(name="cost", help="What was really paid, beside what was predicted")


@app.command
def billed(
    *exports: Path,
    mapping: Annotated[Path | None, Parameter(name="--map")] = None,
    workspace: Path | None = None,
    json: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> int:
    """Compare a bill with the last evaluation's costs, by workload, option, month and line.

    Args:
        exports: FOCUS 1.x files, CSV or Parquet (default: those that billing.yaml names).
        mapping: The file that says whose charge is whose (default: the portfolio's billing.yaml).
        workspace: The workspace (default: the one that holds the current folder).
        json: Print as JSON.
    """
    from acceltrial.storage.tables import read_table
    from stages.artifacts import COSTS, DECISIONS
    from stages.score.billing import BILLING, compared

    chosen = find_workspace(workspace)
    file = mapping or chosen.root / "data/portfolio" / BILLING
    tables = [read_table(chosen.root / artifact.path) for artifact in (COSTS, DECISIONS)]
    found = compared(tables[0], tables[1], file, exports)
    if found is None:
        raise ConfigurationError(
            "the portfolio declares no bill",
            where=str(file),
            remedy="write billing.yaml (docs/decision.md, Billed), or give --map FILE and the export",
        )
    if json:
        print_json(as_dict(found))
    else:
        _print(found)
    return 0


def as_dict(found: Comparison) -> dict[str, Any]:
    """The JSON of `acceltrial cost billed --json`."""
    return {
        "unmatched_share": found.unmatched_share,
        "unmatched_compute_share": found.unmatched_compute_share,
        "findings": list(found.findings),
        "rows": [asdict(row) for row in found.rows],
    }


def _print(found: Comparison) -> None:
    for row in found.rows:
        ratio = "" if row.ratio is None else f", {row.ratio:.2f} times predicted"
        whose = f"{row.workload} {row.option or '(no option)'}" if row.workload else "(unmatched)"
        note = f": {row.reason}" if row.reason else ""
        sys.stdout.write(
            f"{row.period} {whose:<44} {row.line:<18} billed {_money(row.billed_usd)}, effective"
            f" {_money(row.effective_usd)}, predicted {_money(row.predicted_usd)} USD{ratio};"
            f" {row.verdict.replace('_', ' ')}{note}\n"
        )
    for finding in found.findings:
        sys.stderr.write(f"note: {finding}\n")
    for what, share in (("use", found.unmatched_share), ("compute", found.unmatched_compute_share)):
        if share is not None:
            sys.stderr.write(f"{share:.1%} of the cost of {what} belongs to no workload\n")


def _money(usd: float | None) -> str:
    return "–" if usd is None else f"{usd:,.2f}"
