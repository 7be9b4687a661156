"""The canary's append-only record: each line has the digest of the one before, and is on disk before the act.

The first line's `previous_digest` is 64 zeros. A line's digest is the SHA-256 of its other fields as
JSON with sorted keys. Changing, removing or inserting a line breaks the chain at that line.
"""

from __future__ import annotations

import fcntl
import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import orjson

from acceltrial.errors import BusyError, DataContractError
from acceltrial.storage.atomic import storage_error
from acceltrial.storage.digest import value_digest

GENESIS = "0" * 64
TERMINAL = frozenset({"promoted", "rolled_back", "aborted", "ended", "not_possible"})
FIELDS = (
    "canary", "sequence", "t_s", "at", "event", "share", "guardrail", "evidence", "bound", "reason",
    "previous_digest", "digest",
)  # fmt: skip


@dataclass(frozen=True)
class Event:
    """One line of the journal. `t_s` counts from the canary's start, `at` is the wall clock's opinion."""

    canary: str
    sequence: int
    t_s: float
    at: datetime
    event: str
    share: float
    guardrail: str | None
    evidence: float | None
    bound: float | None
    reason: str
    previous_digest: str
    digest: str

    def row(self) -> dict[str, Any]:
        """The event as a row of the table CanaryEvents."""
        return {name: getattr(self, name) for name in FIELDS}


class Journal:
    """An open journal: at most one process holds it at a time.

    Use as a context manager. A half-written last line (the writer was killed) is cut off and
    reported in `torn`; anything else that does not fit the chain raises DataContractError.
    """

    def __init__(self, path: Path, canary: str) -> None:
        self.path, self.canary = path, canary
        self.events: list[Event] = []
        self.torn = ""
        self._stream: IO[bytes] | None = None

    def __enter__(self) -> Journal:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._stream = self.path.open("a+b")
        except OSError as error:
            raise storage_error(error, self.path) from error
        try:
            fcntl.flock(self._stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self._stream.close()
            raise BusyError(
                f"another controller runs canary '{self.canary}'",
                where=str(self.path),
                remedy="wait for it to end, or abort it",
            ) from error
        try:
            self._load()
        except BaseException:
            self._stream.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    @property
    def unfinished(self) -> bool:
        """Whether a canary was begun here and never brought to an end."""
        return bool(self.events) and self.events[-1].event not in TERMINAL

    def write(
        self,
        event: str,
        *,
        t_s: float,
        at: datetime,
        share: float,
        reason: str,
        guardrail: str | None = None,
        evidence: float | None = None,
        bound: float | None = None,
    ) -> Event:
        """Appends a line and returns when it is on disk. Raises StorageError."""
        assert self._stream is not None, "the journal is not open"
        body = {
            "canary": self.canary,
            "sequence": len(self.events),
            "t_s": round(t_s, 3),
            "at": at.isoformat(),
            "event": event,
            "share": share,
            "guardrail": guardrail,
            "evidence": evidence if evidence is not None and math.isfinite(evidence) else None,
            "bound": bound,
            "reason": reason,
            "previous_digest": self.events[-1].digest if self.events else GENESIS,
        }
        digest = value_digest(body)
        try:
            self._stream.write(orjson.dumps({**body, "digest": digest}) + b"\n")
            self._stream.flush()
            os.fsync(self._stream.fileno())
        except OSError as error:
            raise storage_error(error, self.path) from error
        written = _event({**body, "digest": digest})
        self.events.append(written)
        return written

    def _load(self) -> None:
        assert self._stream is not None
        self._stream.seek(0)
        raw = self._stream.read()
        whole, _, rest = raw.rpartition(b"\n")
        if rest:
            self.torn = rest.decode(errors="replace")
            self._stream.truncate(len(raw) - len(rest))
        self.events = list(verified(whole.split(b"\n") if whole else [], str(self.path)))
        if self.events and self.events[0].canary != self.canary:
            raise DataContractError(
                f"the journal is of canary '{self.events[0].canary}', not '{self.canary}'",
                where=str(self.path),
                remedy="give each canary its own journal",
            )


def read_journal(path: Path) -> list[Event]:
    """All events of the journal, its chain verified; an unfinished last line is left out.

    Raises:
        StorageError: it cannot be read.
        DataContractError: the chain is broken; says at which line.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise storage_error(error, path) from error
    whole, _, _ = raw.rpartition(b"\n")
    return list(verified(whole.split(b"\n") if whole else [], str(path)))


def verified(lines: list[bytes], where: str) -> Iterator[Event]:
    """The events in `lines`. Raises DataContractError at the first that breaks the chain."""
    previous = GENESIS
    for number, line in enumerate(lines):
        try:
            body: dict[str, Any] = orjson.loads(line)
            digest = body.pop("digest")
            event = _event({**body, "digest": digest})
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError) as error:
            raise _broken("is not an event", number, where) from error
        if value_digest(body) != digest:
            raise _broken("was changed after it was written", number, where)
        if event.previous_digest != previous or event.sequence != number:
            raise _broken("does not follow the line before it: a line was removed or put in", number, where)
        previous = digest
        yield event


def _broken(how: str, line: int, where: str) -> DataContractError:
    return DataContractError(
        f"line {line + 1} {how}",
        where=where,
        remedy="keep the file as evidence, restore the baseline by hand, and start a new canary",
        details={"line": line + 1},
    )


def _event(body: dict[str, Any]) -> Event:
    return Event(**{**body, "at": datetime.fromisoformat(body["at"])})
