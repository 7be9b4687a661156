from __future__ import annotations

import pickle

import pytest

from acceltrial import errors


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("AcceltrialError", 1),
        ("StorageError", 1),
        ("BusyError", 1),
        ("ConfigurationError", 2),
        ("DataContractError", 3),
        ("GateError", 4),
        ("TargetUnavailableError", 5),
        ("AwaitingSignOffError", 6),
    ],
)
def test_exit_codes_are_those_documented(name: str, code: int) -> None:
    assert getattr(errors, name).exit_code == code


def test_the_message_says_what_where_and_what_to_do() -> None:
    error = errors.DataContractError(
        "negative price", where="prices.csv, row 3", remedy="give a positive price"
    )
    assert str(error) == "prices.csv, row 3: negative price → give a positive price"
    assert str(errors.StorageError("disk full")) == "disk full"


def test_errors_cross_process_borders_whole() -> None:
    error = errors.DataContractError("w", where="x", remedy="r", details={"row": 3})
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), copy.what, copy.where, copy.remedy, copy.details) == (
        errors.DataContractError, "w", "x", "r", {"row": 3},
    )  # fmt: skip
