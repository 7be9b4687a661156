"""A decision matrix read from CSV: options × criteria, with optional intervals."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from acceltrial.decide.values import Criterion, Floats, outside
from acceltrial.errors import DataContractError, StorageError

MAX_OPTIONS = 5_000
"""The shares of every rank are a square table."""


@dataclass(frozen=True, slots=True)
class Matrix:
    """Values by option (rows) and criterion (columns); NaN is unknown. Bounds are 95 % intervals."""

    options: tuple[str, ...]
    values: Floats
    low: Floats
    high: Floats


def read_matrix(path: Path, criteria: Sequence[Criterion]) -> Matrix:
    """The matrix at `path`: first column `option`, one column a criterion, optional `<criterion>_low/_high`.

    An empty cell is an unknown value.

    Raises:
        StorageError: the file cannot be read.
        DataContractError: with file, row and column: a column is missing, unknown or double, an option
            has no name or comes twice, a cell is no finite number, an interval does not hold its value.
    """
    rows = _rows(path)
    header = [name.strip() for name in rows[0]]
    names = [criterion.name for criterion in criteria]
    _check_header(header, names, path)
    body = [
        (number, row) for number, row in enumerate(rows[1:], start=2) if any(cell.strip() for cell in row)
    ]
    if not body:
        raise DataContractError("no option in the matrix", where=str(path), remedy="add one row an option")
    if len(body) > MAX_OPTIONS:
        raise DataContractError(
            f"{len(body)} options, more than {MAX_OPTIONS}",
            where=str(path),
            remedy="screen the options first",
        )
    options = _options(body, header, path)
    columns = {name: _column(body, header, name, path) for name in header[1:]}
    unknown = np.full(len(body), np.nan)
    values = np.column_stack([columns[name] for name in names])
    low = np.column_stack([columns.get(f"{name}_low", unknown) for name in names])
    high = np.column_stack([columns.get(f"{name}_high", unknown) for name in names])
    _check_intervals([number for number, _ in body], names, values, low, high, path)
    return Matrix(options, values, low, high)


def check_bounds(matrix: Matrix, criteria: Sequence[Criterion], kept: Sequence[int], where: str) -> None:
    """Refuses values of options still in the running that lie outside the declared bounds.

    A clamped value would count the same as the bound, so two different options would look equal.
    Raises DataContractError.
    """
    for column, criterion in enumerate(criteria):
        beyond = [row for row in kept if outside(matrix.values[row, column], criterion)]
        if beyond:
            row = beyond[0]
            more = f" (and {len(beyond) - 1} more options)" if len(beyond) > 1 else ""
            raise DataContractError(
                f"{criterion.name} = {matrix.values[row, column]:g} of option {matrix.options[row]!r}"
                f" lies outside the bounds [{criterion.low:g}, {criterion.high:g}]{more}",
                where=where,
                remedy="widen the bounds in the criteria file, or veto such options there",
                details={
                    "criterion": criterion.name,
                    "options": [matrix.options[row] for row in beyond[:100]],
                },
            )


def _rows(path: Path) -> list[list[str]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise StorageError("the matrix cannot be read", where=str(path), remedy="check the path") from error
    except UnicodeDecodeError as error:
        raise DataContractError("not UTF-8 text", where=str(path), remedy="save it as UTF-8 CSV") from error
    try:
        rows = list(csv.reader(io.StringIO(text), strict=True, delimiter=_delimiter(text)))
    except csv.Error as error:
        raise DataContractError(
            f"not CSV ({error})", where=str(path), remedy="save it as plain CSV"
        ) from error
    if not rows or not any(cell.strip() for cell in rows[0]):
        raise DataContractError("the matrix is empty", where=str(path), remedy="start with a header row")
    return rows


def _delimiter(text: str) -> str:
    """What stands after the first cell of the header: a comma, or what other spreadsheets write."""
    start = text.lstrip()
    return next((mark for mark in ";\t" if start.startswith((f"option{mark}", f'"option"{mark}'))), ",")


def _check_header(header: list[str], names: list[str], path: Path) -> None:
    where = f"{path}: row 1"
    if header[0] != "option":
        raise DataContractError(
            f"the first column is {header[0]!r}, not 'option'", where=where, remedy="name it option"
        )
    double = sorted({name for name in header if header.count(name) > 1})
    missing = [name for name in names if name not in header]
    allowed = {"option", *names, *(f"{name}_{end}" for name in names for end in ("low", "high"))}
    unknown = [name for name in header if name not in allowed]
    halves = [name for name in names if (f"{name}_low" in header) != (f"{name}_high" in header)]
    for what, columns in (
        ("column given twice", double),
        ("no column for criterion", missing),
        ("column that is no criterion of the criteria file (no bounds, no weight)", unknown),
        ("only one of _low and _high for criterion", halves),
    ):
        if columns:
            raise DataContractError(
                f"{what}: {', '.join(map(repr, columns))}",
                where=where,
                remedy="make the matrix and the criteria agree",
            )


def _options(body: list[tuple[int, list[str]]], header: list[str], path: Path) -> tuple[str, ...]:
    seen: dict[str, int] = {}
    for number, row in body:
        if len(row) != len(header):
            raise DataContractError(
                f"{len(row)} cells where the header has {len(header)}",
                where=f"{path}: row {number}",
                remedy="fix the row",
            )
        name = row[0].strip()
        if not name or len(name) > 200 or any(ord(character) < 32 for character in name):
            raise DataContractError(
                f"{name[:40]!r} is no option name", where=f"{path}: row {number}, column option",
                remedy="give a name of 1 to 200 printable characters",
            )  # fmt: skip
        if name in seen:
            raise DataContractError(
                f"option {name!r} is also row {seen[name]}",
                where=f"{path}: row {number}",
                remedy="remove one of them",
            )
        seen[name] = number
    return tuple(seen)


def _column(body: list[tuple[int, list[str]]], header: list[str], name: str, path: Path) -> Floats:
    index = header.index(name)
    out = np.full(len(body), np.nan)
    for place, (number, row) in enumerate(body):
        cell = row[index].strip()
        if not cell:
            continue
        try:
            value = math.nan if "_" in cell else float(cell)  # Python reads 1_000 as a number, no table does
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise DataContractError(
                f"{cell!r} is not a finite number", where=f"{path}: row {number}, column {name}",
                remedy="give a number such as 2.5, or leave the cell empty where the value is unknown",
            )  # fmt: skip
        out[place] = value
    return out


def _check_intervals(
    numbers: Sequence[int], names: Sequence[str], values: Floats, low: Floats, high: Floats, path: Path
) -> None:
    known = ~np.isnan(low) | ~np.isnan(high)
    held = (low <= values) & (values <= high)
    for row, column in np.argwhere(known & ~held):
        name, value = names[column], values[row, column]
        ends = low[row, column], high[row, column]
        if np.isnan(value):
            what, remedy = (
                f"an interval of {name} without its value",
                "give the value, or empty all three cells",
            )
        elif np.isnan(ends).any():
            what = f"only one of {name}_low and {name}_high"
            remedy = "give both ends, or neither where the value is certain"
        else:
            what = f"{name}: [{ends[0]:g}, {ends[1]:g}] does not hold the value {value:g}"
            remedy = "give both ends, with low ≤ value ≤ high"
        raise DataContractError(what, where=f"{path}: row {numbers[row]}, column {name}", remedy=remedy)
