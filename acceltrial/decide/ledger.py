"""An append-only ledger of verdicts, each entry chained to the one before by its hash.

A seal beside the ledger holds the number of entries and the hash of the last: it tells a cut at the end,
which a chain alone cannot. Both files belong under version control; whoever replaces both and the history
can only be refused by signatures (`ssh_signature`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
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
    signature: str | None = Field(default=None, max_length=20_000)
    """SSH signature of `message`, or None."""
    previous: str = Field(pattern=r"^[0-9a-f]{64}$")
    hash: str = Field(pattern=r"^[0-9a-f]{64}$")

    @property
    def message(self) -> bytes:
        """What the reviewer's key signs: everything but the signature and the hash."""
        return _canonical(self.model_dump(exclude={"signature", "hash"}))


def seal_of(path: Path) -> Path:
    """The file beside the ledger that holds its length and last hash."""
    return path.with_name(f"{path.name}.seal")


def read_ledger(path: Path) -> list[Entry]:
    """The entries in order; none when there is no file.

    Raises:
        StorageError: the file cannot be read.
        DataContractError: names the line that is malformed, edited, moved or follows a gap, or from
            which on lines are missing.
    """
    entries = _chained(path, (_read(path) or b"").splitlines())
    _check_seal(path, entries)
    return entries


def _chained(path: Path, lines: list[bytes]) -> list[Entry]:
    entries: list[Entry] = []
    previous = FIRST
    for number, line in enumerate(lines, start=1):
        entry = _entry(line, f"{path}: line {number}")
        if entry.previous != previous:
            raise _tampered(
                "does not follow the line before it: one was removed, moved or inserted", path, number
            )
        if entry.hash != _hash(entry):
            raise _tampered("was edited: its hash does not match its content", path, number)
        entries.append(entry)
        previous = entry.hash
    return entries


def _check_seal(path: Path, entries: list[Entry]) -> None:
    raw = _read(seal_of(path))
    if raw is None and not entries:
        return
    sealed = _Seal.parse(raw, seal_of(path))
    if len(entries) < sealed.entries:
        raise _tampered(
            f"and what followed it, up to line {sealed.entries}, was cut off", path, len(entries) + 1
        )
    # One entry more than sealed is an append that was interrupted before its seal.
    if len(entries) > sealed.entries + 1:
        raise _tampered(
            "was not written by this command: the seal does not know it", path, sealed.entries + 2
        )
    if sealed.entries and entries[sealed.entries - 1].hash != sealed.hash:
        raise _tampered(
            "and all before it were written anew: the seal knows another hash", path, sealed.entries
        )


class _Seal(BaseModel):
    model_config = ConfigDict(extra="forbid")

    entries: int = Field(ge=0)
    hash: str = Field(pattern=r"^[0-9a-f]{64}$")

    @classmethod
    def parse(cls, raw: bytes | None, path: Path) -> _Seal:
        try:
            return cls.model_validate_json(raw or b"")
        except ValidationError as error:
            what = "is missing" if raw is None else "is malformed"
            raise DataContractError(
                f"the ledger's seal {what}, so a cut at its end could not be seen",
                where=str(path),
                remedy="restore ledger and seal together from their last good version",
            ) from error


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StorageError(
            "the ledger cannot be read", where=str(path), remedy="check permissions"
        ) from error


def append(path: Path, fields: Mapping[str, Any], sign: Callable[[bytes], str] | None = None) -> Entry:
    """Adds a verdict to the ledger, atomically, after checking all that stands in it, and seals it.

    Args:
        path: the ledger.
        fields: those of an Entry but `previous`, `signature` and `hash`.
        sign: makes the signature of the entry's message; None leaves the entry unsigned.

    Raises as `read_ledger`, and DataContractError for a field that does not fit.
    """
    entries = read_ledger(path)
    body = {**fields, "previous": entries[-1].hash if entries else FIRST}
    try:
        draft = Entry.model_validate({**body, "hash": FIRST})
    except ValidationError as error:
        raise _malformed(error, "the new verdict") from error
    if sign is not None:
        draft = draft.model_copy(update={"signature": sign(draft.message)})
    entry = draft.model_copy(update={"hash": _hash(draft)})
    lines = [_canonical(kept.model_dump(exclude_none=True)) for kept in [*entries, entry]]
    write_bytes(path, b"".join(line + b"\n" for line in lines))
    write_bytes(seal_of(path), _canonical({"entries": len(lines), "hash": entry.hash}) + b"\n")
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


def _hash(entry: Entry) -> str:
    return hashlib.sha256(_canonical(entry.model_dump(exclude={"hash"}, exclude_none=True))).hexdigest()


def _canonical(body: Mapping[str, Any]) -> bytes:
    return orjson.dumps(dict(body), option=orjson.OPT_SORT_KEYS)
