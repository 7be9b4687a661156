"""`acceltrial sign-off list|sign|verify`."""

from __future__ import annotations

import sys
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import cyclopts
import orjson
from cyclopts import Parameter

from acceltrial.errors import AwaitingSignOffError, ConfigurationError
from stages.running.workspace import Workspace, find_workspace, held

if TYPE_CHECKING:
    import polars as pl

app = cyclopts.App(name="sign-off", help="The sheets that four roles sign: list, sign, verify")
_Json = Annotated[bool, Parameter(name="--json", negative="")]
_LEDGER = "data/portfolio/sign_offs.jsonl"


@app.command(name="list")
def list_sheets(*, gate: bool = False, workspace: Path | None = None, json: _Json = False) -> int:
    """The sheets of the last evaluation with every role's verdict as the ledger has it now.

    Args:
        gate: Exit with 6 until every role has approved every decision.
        workspace: The workspace (default: the one that holds the current folder).
        json: Print as JSON.
    """
    chosen = find_workspace(workspace)
    rows = _current(chosen)
    if json:
        sys.stdout.write(orjson.dumps(rows, option=orjson.OPT_INDENT_2).decode() + "\n")
    else:
        for row in rows:
            who = f"{row['signed_by']} on {row['signed_on']}" if row["signed_by"] else "–"
            option = row["option"] or "nothing recommended"
            sys.stdout.write(
                f"{row['workload']:<18} {row['role']:<22} {row['verdict']:<9} {option:<24} {who}"
                f"  {row['comment']}\n"
            )
    counts = Counter(row["verdict"] for row in rows)
    told = ", ".join(f"{count} {verdict}" for verdict, count in sorted(counts.items()))
    sys.stderr.write(f"{len(rows)} sheets: {told}\n")
    if gate and counts["approved"] < len(rows):
        raise AwaitingSignOffError(
            f"{len(rows) - counts['approved']} of {len(rows)} sheets are not approved ({told})",
            where="sign-off",
            remedy="acceltrial sign-off sign WORKLOAD --role ROLE --by NAME",
        )
    return 0


@app.command
def sign(
    workload: str,
    *,
    role: str,
    by: str,
    verdict: Literal["approved", "rejected"] = "approved",
    comment: str = "",
    key: Path | None = None,
    on: date | None = None,
    digest: str | None = None,
    workspace: Path | None = None,
) -> int:
    """Record a role's verdict on a workload's decision in the ledger.

    Args:
        workload: The workload whose decision is signed.
        role: platform_engineering, security, procurement or application_owner.
        by: Who signs; with --key the principal in data/portfolio/allowed_signers.
        verdict: approved or rejected.
        comment: What the reviewer says.
        key: The reviewer's SSH key; a .pub file signs through ssh-agent.
        on: Date of the verdict (default: today, UTC).
        digest: Sign only if the decision's digest begins like this: the one on the sheet that was read.
        workspace: The workspace (default: the one that holds the current folder).
    """
    from stages.score.signoff import sign as record

    chosen = find_workspace(workspace)
    signed_on = (on or datetime.now(UTC).date()).isoformat()
    with held(chosen):
        known = _digests(chosen)
        if workload not in known:
            raise _unknown(workload, known)
        if digest is not None and not (len(digest) >= 8 and known[workload].startswith(digest.lower())):
            raise ConfigurationError(
                f"the decision is another one by now: its digest is {known[workload][:16]}…",
                where="--digest",
                remedy="read the sheet again before signing",
            )
        entry = record(
            chosen.root / "data/portfolio", workload=workload, role=role, digest=known[workload],
            verdict=verdict, signed_by=by, signed_on=signed_on, comment=comment, key=key,
        )  # fmt: skip
    how = "with an SSH signature" if entry.signature else "without a signature"
    sys.stderr.write(f"{workload}: {entry.role} {entry.verdict} by {entry.signed_by}, {how}\n")
    sys.stdout.write(f"{entry.hash}\n")
    return 0


@app.command
def verify(*, workspace: Path | None = None, json: _Json = False) -> int:
    """Check the whole ledger: its chain, its seal, every signature; then which verdicts still hold.

    Args:
        workspace: The workspace (default: the one that holds the current folder).
        json: Print as JSON.
    """
    from stages.score.signoff import checked_entries, unsigned_entries

    chosen = find_workspace(workspace)
    portfolio = chosen.root / "data/portfolio"
    entries = checked_entries(portfolio)
    unsigned = unsigned_entries(portfolio, entries)
    known = _digests(chosen)
    found = {
        "entries": len(entries),
        "signed_with_a_key": sum(entry.signature is not None for entry in entries),
        "not_counted_for_lack_of_a_signature": len(unsigned),
        "of_another_state_of_the_decision": sum(known.get(e.subject) != e.digest for e in entries),
        "last_hash": entries[-1].hash if entries else None,
    }
    if json:
        sys.stdout.write(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode() + "\n")
    else:
        for name, value in found.items():
            sys.stdout.write(f"{name.replace('_', ' '):<40} {value}\n")
    sys.stderr.write(f"{_LEDGER}: chain, seal and signatures hold\n")
    return 0


def _current(workspace: Workspace) -> list[dict[str, Any]]:
    """The rows of SignOffs with the ledger's present verdicts, and the option that each is about."""
    from stages.score.signoff import sheets

    options = dict(_table(workspace, "decisions").select("workload", "option").rows())
    rows = sheets(_digests(workspace), workspace.root / "data/portfolio")
    return [{**row, "option": options.get(row["workload"])} for row in rows]


def _digests(workspace: Workspace) -> dict[str, str]:
    return dict(_table(workspace, "sign_offs").select("workload", "digest").rows())


def _table(workspace: Workspace, name: str) -> pl.DataFrame:
    from acceltrial.storage.tables import read_table
    from stages.artifacts import DECISIONS, SIGN_OFFS

    return read_table(workspace.root / {"decisions": DECISIONS, "sign_offs": SIGN_OFFS}[name].path)


def _unknown(workload: str, known: dict[str, str]) -> ConfigurationError:
    from difflib import get_close_matches

    near = get_close_matches(workload, sorted(known), n=1, cutoff=0.3)
    return ConfigurationError(
        f"no decision on a workload {workload[:80]!r}",
        where="sign-off",
        remedy=f"did you mean {near[0]}?" if near else "acceltrial sign-off list names them",
    )
