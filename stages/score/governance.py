"""The security gates of each recommendation: what shows that they are passed, and until when.

A gate without evidence is open. Evidence that has expired, or that says no, blocks security's approval.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

from acceltrial.storage.digest import value_digest
from stages.score.choice import Case, Choice
from stages.score.declared import GATES, Governance, Proof, load_declared
from stages.score.findings import Row, finding
from stages.score.support import DEAD, SUPPORT, last_day, support_of

FILE: Final = "governance.yaml"


def load_evidence(portfolio: Path) -> list[Proof]:
    """The portfolio's evidence. Raises as `load_declared`."""
    return load_declared(Governance, portfolio / FILE).evidence


def gate_rows(
    choice: Choice, proofs: Sequence[Proof], support: Sequence[Mapping[str, str]], today: date
) -> list[dict[str, Any]]:
    """The recommended option's gates as rows of SecurityGates; none without a recommendation."""
    winner = choice.winner
    if winner is None:
        return []
    rows = []
    for gate in GATES:
        mine = [p for p in proofs if p.gate == gate and _about(p, choice.workload.id, winner)]
        found = _from_proofs(mine, today)
        if found is None and gate == "support_end":
            found = _from_catalogue(winner.option.family, support, today)
        rows.append(
            {
                "workload": choice.workload.id, "option": winner.option.id, "gate": gate,
                **(found or _state("open", f"nothing in {FILE} shows it")),
            }
        )  # fmt: skip
    return rows


def gates_digest(digest: str, rows: Sequence[Mapping[str, Any]]) -> str:
    """What security signs: the decision with the evidence of its gates, not their state, which time moves."""
    kept = ("gate", "evidence", "by", "checked", "expires")
    return value_digest([digest, [[str(row[name]) for name in kept] for row in rows]])


def gate_findings(rows: Sequence[Mapping[str, Any]]) -> list[Row]:
    """Gates that block, each, and the open ones of a workload together."""
    found = []
    for row in rows:
        if row["state"] in ("expired", "failed"):
            name = f"{row['state']} gate"
            about = f"{row['gate'].replace('_', ' ')} of {row['option']}: {row['reason'] or row['evidence']}"
            found.append(finding("workload", row["workload"], name, "error", about, f"renew it in {FILE}"))
    for workload in sorted({row["workload"] for row in rows}):
        mine = [row for row in rows if row["workload"] == workload and row["state"] == "open"]
        names = [row["gate"].replace("_", " ") for row in mine]
        if names:
            about = f"no evidence of {', '.join(names)}"
            found.append(finding("workload", workload, "open gates", "info", about, f"add it to {FILE}"))
    return found


def blocking(rows: Sequence[Mapping[str, Any]], today: date) -> list[str]:
    """The gates that block on a day, in words: failed ones, and those whose evidence has expired by then."""
    return [
        f"{row['gate'].replace('_', ' ')} ({row['reason'] or 'evidence expired on ' + row['expires']})"
        for row in rows
        if row["state"] in ("failed", "expired") or (row["expires"] or "9") < today.isoformat()
    ]


def _about(proof: Proof, workload: str, case: Case) -> bool:
    offer = case.costing.offer
    pairs = (
        (workload, proof.workload), (case.option.row["accelerator"] or "", proof.accelerator),
        (offer.environment if offer else "", proof.environment),
        (offer.provider if offer else "", proof.provider),
    )  # fmt: skip
    return all(fnmatchcase(name, pattern) for name, pattern in pairs)


def _from_proofs(proofs: Sequence[Proof], today: date) -> dict[str, Any] | None:
    """The state that the evidence gives: a no that still holds, else what holds longest, else expired."""
    if not proofs:
        return None
    no = [p for p in proofs if not p.passed and p.expires >= today]
    last = max(no or proofs, key=lambda p: (p.expires, p.evidence))
    if no:
        return _state("failed", f"{last.by} found that it is not so", last)
    if last.expires < today:
        return _state("expired", f"the evidence expired on {last.expires}", last)
    return _state("met", "", last)


def _from_catalogue(family: str, support: Sequence[Mapping[str, str]], today: date) -> dict[str, Any] | None:
    """What the catalogue says of the family."""
    row = support_of(family, support)
    if row is None:
        return None
    ends = last_day(row["ends"], SUPPORT)
    told = {
        "evidence": f"{row['item']}: {row['detail']} ({row['source']}, {row['as_of']})", "by": "catalogue",
        "checked": row["as_of"], "expires": None if ends is None else ends.isoformat(),
    }  # fmt: skip
    if row["stage"] in DEAD:
        return {**told, "state": "failed", "reason": row["stage"].replace("_", " ")}
    if ends is None:
        return {**told, "state": "open", "reason": f"{row['stage'].replace('_', ' ')}, no end is announced"}
    if ends < today:
        return {**told, "state": "expired", "reason": f"support ended on {ends}"}
    return {**told, "state": "met", "reason": ""}


def _state(state: str, reason: str, proof: Proof | None = None) -> dict[str, Any]:
    return {
        "state": state,
        "evidence": "" if proof is None else proof.evidence,
        "by": None if proof is None else proof.by,
        "checked": None if proof is None else proof.checked.isoformat(),
        "expires": None if proof is None else proof.expires.isoformat(),
        "reason": reason,
    }
