"""The sheets that the roles sign: what a signature covers, and who has signed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import polars as pl

from acceltrial.decide.ledger import Entry, append, latest, read_ledger
from acceltrial.errors import ConfigurationError
from acceltrial.storage.digest import value_digest
from schemas.decision import ROLES

LEDGER: Final = "sign_offs.jsonl"
"""The ledger's name in the portfolio's folder."""


def decision_digest(decision: Mapping[str, Any], inputs: Mapping[str, str]) -> str:
    """SHA-256 over the decision's canonical JSON and the digests of what it rests on."""
    return value_digest({"decision": dict(decision), "inputs": dict(inputs)})


def input_digests(tables: Mapping[str, pl.DataFrame], workload: str) -> dict[str, str]:
    """SHA-256 of each input table's rows that concern the workload, whatever their order.

    Identifiers of tracking runs are left out: the same figures logged once more are the same evidence.
    """
    return {
        name: _rows_digest(table.filter(pl.col("workload") == workload))
        for name, table in sorted(tables.items())
        if "workload" in table.columns
    }


def shared_digests(tables: Mapping[str, pl.DataFrame]) -> dict[str, str]:
    """SHA-256 of the input tables that concern every workload (catalogue, prices, targets)."""
    return {name: _rows_digest(t) for name, t in sorted(tables.items()) if "workload" not in t.columns}


def _rows_digest(rows: pl.DataFrame) -> str:
    kept = rows.drop("run", strict=False)
    return hashlib.sha256(kept.sort(kept.columns).write_csv().encode()).hexdigest()


def sheets(digests: Mapping[str, str], portfolio: Path) -> list[dict[str, Any]]:
    """The rows of SignOffs: each role's last verdict on exactly this decision, else `awaiting`.

    Raises:
        DataContractError: the ledger was tampered with.
        StorageError: it cannot be read.
    """
    entries = read_ledger(portfolio / LEDGER)
    signed = latest(entries)
    earlier = {(entry.subject, entry.role): entry for entry in entries}
    return [
        _row(workload, role, digest, signed.get((workload, role, digest)), earlier.get((workload, role)))
        for workload, digest in sorted(digests.items())
        for role in ROLES
    ]


def sign(
    portfolio: Path,
    *,
    workload: str,
    role: str,
    digest: str,
    verdict: str,
    signed_by: str,
    signed_on: str,
    comment: str,
) -> Entry:
    """Records a role's verdict on the decision with this digest.

    Raises:
        ConfigurationError: an unknown role.
        DataContractError: a field does not fit, or the ledger was tampered with.
        StorageError: it cannot be written.
    """
    if role not in ROLES:
        raise ConfigurationError(
            f"{role!r} is no reviewing role", where="--role", remedy=f"one of {', '.join(ROLES)}"
        )
    fields = {"subject": workload, "role": role, "digest": digest, "verdict": verdict}
    return append(
        portfolio / LEDGER, {**fields, "signed_by": signed_by, "signed_on": signed_on, "comment": comment}
    )


def _row(workload: str, role: str, digest: str, entry: Entry | None, earlier: Entry | None) -> dict[str, Any]:
    comment = "" if entry is None else entry.comment
    if entry is None and earlier is not None:
        comment = (
            f"{earlier.signed_by} {earlier.verdict} another state of this decision on {earlier.signed_on}:"
            " it has changed since, so the signature does not cover it"
        )
    return {
        "workload": workload,
        "role": role,
        "digest": digest,
        "verdict": "awaiting" if entry is None else entry.verdict,
        "signed_by": None if entry is None else entry.signed_by,
        "signed_on": None if entry is None else entry.signed_on,
        "comment": comment,
    }
