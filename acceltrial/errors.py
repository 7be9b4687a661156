"""The family of errors, each with the exit code that the command line returns.

AcceltrialError (1)
├── ConfigurationError (2)      usage, parameters, portfolio settings
├── DataContractError (3)       a file or table breaks what it promised
├── GateError (4)               a gate failed, or a canary was rolled back
├── TargetUnavailableError (5)  an engine, server or chip cannot be reached
├── AwaitingSignOffError (6)    a decision lacks a role's verdict
├── StorageError (1)            disk full, no permission, lock held
└── BusyError (1)               another evaluation holds the workspace
"""

from __future__ import annotations

from typing import Any, ClassVar


class AcceltrialError(Exception):
    """What failed, where, and what to do next.

    Args:
        what: one sentence on the failure.
        where: the place: a file with row and column, a URL, a stage.
        remedy: what the reader should do.
        details: machine-readable facts (offending value, limits), for `--json` and reports.
    """

    exit_code: ClassVar[int] = 1

    def __init__(
        self, what: str, *, where: str = "", remedy: str = "", details: dict[str, Any] | None = None
    ) -> None:
        self.what = what
        self.where = where
        self.remedy = remedy
        self.details = details or {}
        super().__init__(what)

    def __str__(self) -> str:
        text = f"{self.where}: {self.what}" if self.where else self.what
        return f"{text} → {self.remedy}" if self.remedy else text

    def __reduce__(self) -> tuple[Any, ...]:
        return (_rebuild, (type(self), self.what, self.where, self.remedy, self.details))


def _rebuild(
    cls: type[AcceltrialError], what: str, where: str, remedy: str, details: dict[str, Any]
) -> AcceltrialError:
    return cls(what, where=where, remedy=remedy, details=details)


class ConfigurationError(AcceltrialError):
    """The request itself is wrong: an argument, a parameter, a setting."""

    exit_code = 2


class DataContractError(AcceltrialError):
    """Data breaks its contract: malformed, contradictory, out of range."""

    exit_code = 3


class GateError(AcceltrialError):
    """A gate was not passed, or a canary was rolled back."""

    exit_code = 4


class TargetUnavailableError(AcceltrialError):
    """An engine, server or device cannot be reached or cannot do what was asked."""

    exit_code = 5


class AwaitingSignOffError(AcceltrialError):
    """A decision is complete but not every role has signed."""

    exit_code = 6


class StorageError(AcceltrialError):
    """Reading or writing failed for a reason outside the data: disk full, no permission."""


class BusyError(AcceltrialError):
    """Another process works on the same workspace."""
