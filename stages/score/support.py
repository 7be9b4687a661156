"""Until when a family of accelerators is supported, as support.csv of the catalogue says."""

from __future__ import annotations

import csv
from calendar import monthrange
from collections.abc import Mapping, Sequence
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from acceltrial.errors import DataContractError, StorageError

SUPPORT: Final = "support.csv"
"""Ends of support by accelerator family, in the catalogue's folder; `family` is a shell pattern."""
_COLUMNS: Final = ("family", "item", "stage", "ends", "detail", "source", "as_of", "confidence")
ENDED: Final = ("retired", "end_of_support")
DEAD: Final = (*ENDED, "research")
"""Stages in which nobody is owed a fix."""


def load_support(catalogue: Path) -> list[dict[str, str]]:
    """The catalogue's ends of support; none where it has no such file.

    Raises:
        DataContractError: a column is missing or a date is none; with row.
        StorageError: the file cannot be read.
    """
    path = catalogue / SUPPORT
    if not path.is_file():
        return []
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            rows = [{name: (row.get(name) or "").strip() for name in _COLUMNS} for row in reader]
            header = reader.fieldnames or []
    except (OSError, UnicodeDecodeError) as error:
        raise StorageError("the file cannot be read", where=str(path), remedy="check the file") from error
    missing = [name for name in _COLUMNS if name not in header]
    if missing:
        raise DataContractError(f"no column {', '.join(missing)}", where=path.name, remedy="add it")
    for number, row in enumerate(rows, start=2):
        last_day(row["ends"], f"{path.name}: row {number}, column ends")
    return rows


def support_of(family: str, support: Sequence[Mapping[str, str]]) -> Mapping[str, str] | None:
    """The row of the family: one of its own name before one of a pattern, then the earliest end."""
    rows = [row for row in support if fnmatchcase(family, row["family"])]
    return min(rows, key=lambda r: (r["family"] != family, r["ends"] or "9"), default=None)


def last_day(text: str, where: str) -> date | None:
    """The last day of a date to the day or month; None for an empty text.

    Raises DataContractError, naming `where`, for any other text.
    """
    if not text:
        return None
    try:
        if len(text) == 7:
            year, month = int(text[:4]), int(text[5:])
            return date(year, month, monthrange(year, month)[1])
        return date.fromisoformat(text)
    except (ValueError, IndexError) as error:
        raise DataContractError(
            f"{text[:40]!r} is no date", where=where, remedy="a day or a month, such as 2028-06"
        ) from error
