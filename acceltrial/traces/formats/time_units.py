"""What the cells of a column of times tell of their unit."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from typing import Any, Final

from acceltrial.errors import ConfigurationError
from acceltrial.traces.columns import TimeUnit
from acceltrial.traces.json_objects import first_objects
from acceltrial.traces.source import Head
from acceltrial.traces.tabular import csv_header, parquet_batches

# Times since 1970 tell their unit by their size: the smallest is a day of 1973, in each unit.
_EPOCHS: Final[tuple[tuple[float, TimeUnit], ...]] = ((1e17, "ns"), (1e14, "us"), (1e11, "ms"), (1e8, "s"))
_CELLS = 50


def told_unit(head: Head, column: str) -> TimeUnit | None:
    """`iso` for text, the unit of times since 1970; None where the first cells tell neither."""
    cells = first_cells(head, column)
    numbers = [number for number in map(_number, cells) if number is not None]
    if cells and not numbers:
        return "iso"
    largest = max(numbers, default=0.0)
    return next((unit for smallest, unit in _EPOCHS if largest >= smallest), None)


def unit_or_refusal(head: Head, columns: Mapping[str, str]) -> TimeUnit:
    """`told_unit` of the arrivals, or seconds where they have fractions.

    Raises:
        ConfigurationError: neither tells the unit.
    """
    column = columns["arrival"]
    told = told_unit(head, column)
    if told is not None:
        return told
    if has_fractions(head, column) or not first_cells(head, column):
        return "s"
    raise unclear_unit(head, columns, "whole numbers that are no time since 1970")


def unclear_unit(head: Head, columns: Mapping[str, str], why: str) -> ConfigurationError:
    """The error that asks for a mapping with the unit, to be raised."""
    mapping = ",".join(f"{key}={name}" for key, name in columns.items())
    return ConfigurationError(
        f"column {columns['arrival']!r} does not tell its time unit: {why}",
        where=str(head.path),
        remedy=f"say it: acceltrial trace convert {head.path.name} --columns {mapping},time_unit=s"
        " --out NAME.parquet (or ms, us, ns)",
    )


def has_fractions(head: Head, column: str) -> bool:
    """Whether one of the first cells is a number with a fraction."""
    numbers = (_number(cell) for cell in first_cells(head, column))
    return any(number is not None and number % 1 != 0 for number in numbers)


def first_cells(head: Head, column: str) -> list[Any]:
    """The first cells of a column that are not empty."""
    return [cell for cell in _cells(head, column) if cell not in (None, "")]


def _cells(head: Head, column: str) -> list[Any]:
    if head.parquet_columns is not None:
        first = next(parquet_batches(head, [column]), None)
        return [] if first is None else first[column].head(_CELLS).to_list()
    if head.is_json:
        return [item.get(column) for item in first_objects(head, _CELLS)]
    names, separator = csv_header(head)
    if column not in names:
        return []
    at = names.index(column)
    rows = csv.reader(head.lines[1 : _CELLS + 1], delimiter=separator)
    return [row[at].strip() for row in rows if len(row) > at]


def _number(cell: Any) -> float | None:
    try:
        return float(cell)
    except (TypeError, ValueError):
        return None
