"""The sheets that the roles sign: what a signature covers, and who has signed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import polars as pl

from acceltrial.catalog.software import FILES as SOFTWARE_FILES
from acceltrial.decide.ledger import Entry, append, latest, read_ledger
from acceltrial.decide.ssh_signature import check_signature, sign_bytes
from acceltrial.errors import ConfigurationError
from acceltrial.storage.digest import file_digest, value_digest
from schemas.decision import ROLES
from stages.score.support import SUPPORT

LEDGER: Final = "sign_offs.jsonl"
"""The ledger's name in the portfolio's folder."""
ALLOWED_SIGNERS: Final = "allowed_signers"
"""Reviewers' public keys in OpenSSH's format; where the file exists, only signed verdicts count."""


def decision_digest(decision: Mapping[str, Any], inputs: Mapping[str, str]) -> str:
    """SHA-256 over the decision's canonical JSON and the digests of what it rests on."""
    return value_digest({"decision": dict(decision), "inputs": dict(inputs)})


def input_digests(tables: Mapping[str, pl.DataFrame], workload: str) -> dict[str, str]:
    """SHA-256 of each input table's rows that concern the workload, whatever their order.

    Identifiers and times of runs and the dates of predictions are left out: the same figures computed
    once more are the same evidence.
    """
    return {
        name: _rows_digest(table.filter(pl.col("workload") == workload))
        for name, table in sorted(tables.items())
        if "workload" in table.columns
    }


def shared_digests(tables: Mapping[str, pl.DataFrame]) -> dict[str, str]:
    """SHA-256 of the input tables that concern every workload (catalogue, prices, targets)."""
    return {name: _rows_digest(t) for name, t in sorted(tables.items()) if "workload" not in t.columns}


def catalogue_digest(catalogue: Path) -> str:
    """SHA-256 over the catalogue's tables of software and ends of support, which the criteria read."""
    paths = [catalogue / name for name in (*SOFTWARE_FILES, SUPPORT)]
    return value_digest({path.name: file_digest(path) for path in paths if path.is_file()})


def _rows_digest(rows: pl.DataFrame) -> str:
    kept = rows.drop("run", "started", "finished", strict=False)
    if {"grade", "date"} <= set(kept.columns):
        predicted = pl.col("grade") == "predicted"
        kept = kept.with_columns(pl.when(predicted).then(None).otherwise(pl.col("date")).alias("date"))
    return hashlib.sha256(kept.sort(kept.columns).write_csv().encode()).hexdigest()


def sheets(digests: Mapping[tuple[str, str], str], portfolio: Path) -> list[dict[str, Any]]:
    """The rows of SignOffs: each role's last verdict on exactly this decision, else `awaiting`.

    Args:
        digests: what is signed, by workload and role.
        portfolio: folder of the ledger.

    Raises:
        DataContractError: the ledger was tampered with.
        StorageError: it cannot be read.
    """
    entries = checked_entries(portfolio)
    unsigned = unsigned_entries(portfolio, entries)
    signed = latest([entry for entry in entries if entry not in unsigned])
    earlier = {(entry.subject, entry.role): entry for entry in entries}
    return [
        _row(workload, role, digest, signed.get((workload, role, digest)), earlier.get((workload, role)))
        for (workload, role), digest in sorted(digests.items(), key=lambda i: (i[0][0], ROLES.index(i[0][1])))
    ]


def checked_entries(portfolio: Path) -> list[Entry]:
    """The ledger's entries, every signature in it checked.

    Raises:
        DataContractError: the ledger was tampered with, or a signature does not hold; names the line.
        StorageError: it cannot be read.
        TargetUnavailableError: there are signatures and no ssh-keygen to check them.
    """
    path = portfolio / LEDGER
    entries = read_ledger(path)
    for number, entry in enumerate(entries, start=1):
        if entry.signature is not None:
            where = f"{path}: line {number}"
            check_signature(
                entry.message, entry.signature, entry.signed_by, portfolio / ALLOWED_SIGNERS, where
            )
    return entries


def unsigned_entries(portfolio: Path, entries: list[Entry]) -> list[Entry]:
    """Entries that do not count because the portfolio demands signatures and they carry none."""
    if not (portfolio / ALLOWED_SIGNERS).is_file():
        return []
    return [entry for entry in entries if entry.signature is None]


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
    key: Path | None = None,
) -> Entry:
    """Records a role's verdict on the decision with this digest, signed where a key is given.

    A signature that the portfolio's allowed_signers would not accept is refused before it is recorded.

    Raises:
        ConfigurationError: an unknown role.
        DataContractError: a field does not fit, or the ledger was tampered with.
        StorageError: it cannot be written.
    """
    if role not in ROLES:
        raise ConfigurationError(
            f"{role!r} is no reviewing role", where="--role", remedy=f"one of {', '.join(ROLES)}"
        )
    allowed = portfolio / ALLOWED_SIGNERS
    if key is None and allowed.is_file():
        raise ConfigurationError(
            "this portfolio counts signed verdicts only",
            where=str(allowed),
            remedy="give your SSH key: --key",
        )

    def signature(message: bytes) -> str:
        assert key is not None
        made = sign_bytes(message, key)
        check_signature(message, made, signed_by, allowed, str(allowed))
        return made

    checked_entries(portfolio)
    fields = {"subject": workload, "role": role, "digest": digest, "verdict": verdict}
    return append(
        portfolio / LEDGER,
        {**fields, "signed_by": signed_by, "signed_on": signed_on, "comment": comment},
        signature if key is not None else None,
    )


def _row(workload: str, role: str, digest: str, entry: Entry | None, earlier: Entry | None) -> dict[str, Any]:
    comment = "" if entry is None else entry.comment
    if entry is None and earlier is not None:
        comment = (
            f"{earlier.signed_by} {earlier.verdict} another state of this decision on {earlier.signed_on}:"
            " it has changed since, so the signature does not cover it"
            if earlier.digest != digest
            else f"{earlier.signed_by} {earlier.verdict} it on {earlier.signed_on} without a signature, which"
            " this portfolio demands"
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
