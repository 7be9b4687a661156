"""`acceltrial sign-off list|sign|verify`."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Collection
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import cyclopts
from cyclopts import Parameter

from acceltrial.cli.json_output import print_json
from acceltrial.errors import AwaitingSignOffError, ConfigurationError, GateError
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
    from stages.score.governance import blocking

    chosen = find_workspace(workspace)
    rows = _current(chosen)
    if json:
        print_json(rows)
    else:
        for row in rows:
            who = f"{row['signed_by']} on {row['signed_on']}" if row["signed_by"] else "–"
            option = row["option"] or "nothing recommended"
            sys.stdout.write(
                f"{row['workload']:<18} {row['role']:<22} {row['verdict']:<9} {option:<24} {who}"
                f"  {row['comment']}\n"
            )
    counts = Counter(row["verdict"] for row in rows)
    blocked = {
        name: held
        for name, gates in _gates(chosen).items()
        if (held := blocking(gates, datetime.now(UTC).date()))
    }
    for name, held in blocked.items():
        sys.stderr.write(f"{name}: blocked by {'; '.join(held)}\n")
    told = ", ".join(f"{count} {verdict}" for verdict, count in sorted(counts.items()))
    sys.stderr.write(f"{len(rows)} sheets: {told}\n")
    if gate and counts["approved"] < len(rows):
        raise AwaitingSignOffError(
            f"{len(rows) - counts['approved']} of {len(rows)} sheets are not approved ({told})",
            where="sign-off",
            remedy="acceltrial sign-off sign WORKLOAD --role ROLE --by NAME",
        )
    if gate and blocked:
        raise AwaitingSignOffError(
            f"security gates of {', '.join(blocked)} block",
            where="sign-off",
            remedy="renew the evidence in data/portfolio/governance.yaml and evaluate again",
        )
    return 0


@app.command(name="gates")
def list_gates(workload: str | None = None, *, workspace: Path | None = None, json: _Json = False) -> int:
    """The security gates of each recommendation, with their evidence and until when it holds.

    Args:
        workload: Only this workload's.
        workspace: The workspace (default: the one that holds the current folder).
        json: Print as JSON.
    """
    chosen = find_workspace(workspace)
    found = _gates(chosen)
    if workload is not None and workload not in found:
        raise _unknown(workload, found)
    rows = [row for name, gates in found.items() if workload in (None, name) for row in gates]
    if json:
        print_json(rows)
        return 0
    for row in rows:
        until = f" until {row['expires']}" if row["expires"] else ""
        told = " ".join(filter(None, (row["evidence"], row["reason"])))
        sys.stdout.write(f"{row['workload']:<18} {row['gate']:<18} {row['state']:<8}{until} {told}\n")
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
    day = on or datetime.now(UTC).date()
    with held(chosen):
        known = _digests(chosen)
        if workload not in {name for name, _ in known}:
            raise _unknown(workload, {name for name, _ in known})
        # A role that does not exist is told by `record`, which also knows the ledger's other conditions.
        wanted = known.get((workload, role), "")
        if digest is not None and not (len(digest) >= 8 and wanted.startswith(digest.lower())):
            raise ConfigurationError(
                f"the decision is another one by now: its digest is {wanted[:16]}…",
                where="--digest",
                remedy="read the sheet again before signing",
            )
        if role == "security" and verdict == "approved":
            _check_gates(_gates(chosen).get(workload, []), day, comment)
        entry = record(
            chosen.root / "data/portfolio", workload=workload, role=role, digest=wanted,
            verdict=verdict, signed_by=by, signed_on=day.isoformat(), comment=comment, key=key,
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
        "of_another_state_of_the_decision": sum(known.get((e.subject, e.role)) != e.digest for e in entries),
        "last_hash": entries[-1].hash if entries else None,
    }
    if json:
        print_json(found)
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


def _digests(workspace: Workspace) -> dict[tuple[str, str], str]:
    """What is signed, by workload and role."""
    rows = _table(workspace, "sign_offs").select("workload", "role", "digest").rows()
    return {(workload, role): digest for workload, role, digest in rows}


def _gates(workspace: Workspace) -> dict[str, list[dict[str, Any]]]:
    """The rows of SecurityGates by workload."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in _table(workspace, "security_gates").to_dicts():
        found.setdefault(row["workload"], []).append(row)
    return found


def _check_gates(gates: list[dict[str, Any]], day: date, comment: str) -> None:
    """Refuses security's approval while a gate blocks, and a silent one while a gate is open."""
    from stages.score.governance import blocking

    held = blocking(gates, day)
    if held:
        raise GateError(
            f"security gates block: {'; '.join(held)}",
            where="sign-off",
            remedy="renew the evidence in data/portfolio/governance.yaml and evaluate again",
            details={"blocking": held},
        )
    names = [row["gate"].replace("_", " ") for row in gates if row["state"] == "open"]
    if names and not comment:
        raise ConfigurationError(
            f"nothing shows {', '.join(names)}",
            where="--comment",
            remedy="say why you approve all the same, or add evidence to data/portfolio/governance.yaml",
        )


def _table(workspace: Workspace, name: str) -> pl.DataFrame:
    from acceltrial.storage.tables import read_table
    from stages.artifacts import DECISIONS, SECURITY_GATES, SIGN_OFFS

    known = {one.name: one for one in (DECISIONS, SIGN_OFFS, SECURITY_GATES)}
    return read_table(workspace.root / known[name].path)


def _unknown(workload: str, known: Collection[str]) -> ConfigurationError:
    from difflib import get_close_matches

    near = get_close_matches(workload, sorted(known), n=1, cutoff=0.3)
    return ConfigurationError(
        f"no decision on a workload {workload[:80]!r}",
        where="sign-off",
        remedy=f"did you mean {near[0]}?" if near else "acceltrial sign-off list names them",
    )
