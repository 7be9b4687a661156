"""An append-only ledger of verdicts, each entry chained to the one before by its hash."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from acceltrial.errors import DataContractError, StorageError
from acceltrial.storage.atomic import write_bytes

FIRST = "0" * 64
"""What the first entry names as its predecessor."""


class Entry(BaseModel):
    """One verdict of one role on one decision."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    subject: str = Field(min_length=1, max_length=128)
    role: str = Field(min_length=1, max_length=64)
    digest: str = Field(pattern=r"^[0-9a-f]{64}$")
    verdict: Literal["approved", "rejected"]
    signed_by: str = Field(min_length=1, max_length=200)
    signed_on: str = Field(min_length=1, max_length=40)
    comment: str = Field(default="", max_length=2000)
    previous: str = Field(pattern=r"^[0-9a-f]{64}$")
    hash: str = Field(pattern=r"^[0-9a-f]{64}$")


def read_ledger(path: Path) -> list[Entry]:
    """The entries in order; none when there is no file.

    Raises:
        StorageError: the file cannot be read.
        DataContractError: names the line that is malformed, edited, moved or follows a gap.
    """
    try:
        lines = path.read_bytes().splitlines()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StorageError(
            "the ledger cannot be read", where=str(path), remedy="check permissions"
        ) from error
    entries: list[Entry] = []
    previous = FIRST
    for number, line in enumerate(lines, start=1):
        entry = _entry(line, f"{path}: line {number}")
        if entry.previous != previous:
            raise _tampered(
                "does not follow the line before it: one was removed, moved or inserted", path, number
            )
        if entry.hash != _hash(entry.model_dump(exclude={"hash"})):
            raise _tampered("was edited: its hash does not match its content", path, number)
        entries.append(entry)
        previous = entry.hash
    return entries


def append(path: Path, fields: Mapping[str, Any]) -> Entry:
    """Adds a verdict to the ledger, atomically, after checking all that stands in it.

    `fields` are those of an Entry but `previous` and `hash`. Raises as `read_ledger`, and
    DataContractError for a field that does not fit.
    """
    entries = read_ledger(path)
    body = {**fields, "previous": entries[-1].hash if entries else FIRST}
    try:
        draft = Entry.model_validate({**body, "hash": FIRST})
    except ValidationError as error:
        raise _malformed(error, "the new verdict") from error
    entry = draft.model_copy(update={"hash": _hash(draft.model_dump(exclude={"hash"}))})
    lines = [_canonical(kept.model_dump()) for kept in [*entries, entry]]
    write_bytes(path, b"".join(line + b"\n" for line in lines))
    return entry


def latest(entries: list[Entry]) -> dict[tuple[str, str, str], Entry]:
    """The last verdict by (subject, role, digest)."""
    return {(entry.subject, entry.role, entry.digest): entry for entry in entries}


def _entry(line: bytes, where: str) -> Entry:
    try:
        return Entry.model_validate(orjson.loads(line))
    except orjson.JSONDecodeError as error:
        raise DataContractError(
            f"not JSON ({error})", where=where, remedy="restore the ledger from its last good version"
        ) from error
    except ValidationError as error:
        raise _malformed(error, where) from error


def _malformed(error: ValidationError, where: str) -> DataContractError:
    first = error.errors(include_url=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    return DataContractError(f"{place}: {first['msg']}", where=where, remedy="correct or restore the entry")


def _tampered(what: str, path: Path, number: int) -> DataContractError:
    return DataContractError(
        f"line {number} {what}",
        where=str(path),
        remedy="restore the ledger from its last good version; no signature in it counts until then",
        details={"line": number},
    )


def _hash(body: Mapping[str, Any]) -> str:
    return hashlib.sha256(_canonical(body)).hexdigest()


def _canonical(body: Mapping[str, Any]) -> bytes:
    return orjson.dumps(dict(body), option=orjson.OPT_SORT_KEYS)
