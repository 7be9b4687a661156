"""Where a canary's record lies, and where people speak to it: abort, approval, one canary a workload."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from acceltrial.canary.journal import TERMINAL, read_journal
from acceltrial.errors import BusyError, ConfigurationError, DataContractError, StorageError
from acceltrial.storage.atomic import storage_error, write_bytes

BY_HAND = "aborted by hand"


@dataclass(frozen=True)
class CanaryFolder:
    """A folder of canaries: `<canary>.jsonl`, `<canary>.abort`, `<canary>.approved`, `<workload>.lock`."""

    path: Path

    def journal(self, canary: str) -> Path:
        """Where the canary's journal lies."""
        return self.path / f"{canary}.jsonl"

    def abort_reason(self, canary: str) -> str:
        """Why a person wants the canary to end; "" when nobody does."""
        try:
            return self._abort(canary).read_text(encoding="utf-8").strip() or BY_HAND
        except FileNotFoundError:
            return ""
        except (OSError, UnicodeDecodeError):
            return BY_HAND

    def ask_abort(self, canary: str, reason: str) -> None:
        """Ends the canary within about a second. Raises ConfigurationError when none of the name runs."""
        self._running(canary)
        write_bytes(self._abort(canary), (reason.strip() or BY_HAND).encode())

    def approval(self, canary: str, step: int) -> bool | None:
        """Whether the step with this index may be taken; None while nobody has said."""
        try:
            said = self._approved(canary).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            return None
        if said == "no":
            return False
        return True if said.isdecimal() and int(said) >= step else None

    def approve(self, canary: str, step: int | None) -> None:
        """Allows the steps up to `step` (an index, 0 the first), or with None forbids the next one.

        Raises ConfigurationError when none of the name runs.
        """
        self._running(canary)
        write_bytes(self._approved(canary), b"no" if step is None else str(step).encode())

    def forget(self, canary: str) -> None:
        """What people said to a canary that has ended must not speak to the next one of its name."""
        for path in (self._abort(canary), self._approved(canary)):
            path.unlink(missing_ok=True)

    @contextmanager
    def one_at_a_time(self, workload: str) -> Iterator[None]:
        """Keeps two canaries of one workload apart on this machine. Raises BusyError."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            lock = (self.path / f"{workload}.lock").open("w")
        except OSError as error:
            raise storage_error(error, self.path) from error
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise BusyError(
                    f"a canary of workload '{workload}' runs already",
                    where=str(self.path),
                    remedy="wait for it, or end it with `acceltrial canary abort`",
                ) from error
            yield

    def _abort(self, canary: str) -> Path:
        return self.path / f"{canary}.abort"

    def _approved(self, canary: str) -> Path:
        return self.path / f"{canary}.approved"

    def known(self, canary: str) -> None:
        """Raises ConfigurationError when no canary of that name was ever begun here."""
        known = sorted(path.stem for path in self.path.glob("*.jsonl"))
        if canary not in known:
            raise ConfigurationError(
                f"there is no canary '{canary}'",
                where=str(self.path),
                remedy=f"name one of: {', '.join(known)}" if known else "see --folder",
            )

    def _running(self, canary: str) -> None:
        """A word to a canary that has ended would speak to the next one of its name."""
        self.known(canary)
        try:
            events = read_journal(self.journal(canary))
        except (DataContractError, StorageError):
            return  # a record that was tampered with must keep nobody from ending the canary
        if events and events[-1].event in TERMINAL:
            raise ConfigurationError(
                f"the canary '{canary}' has ended ({events[-1].event})",
                where=str(self.path),
                remedy=f"see `acceltrial canary status {canary}`",
            )
