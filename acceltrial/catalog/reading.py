"""CSV tables read strictly: every breach names file, row, column and remedy."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl

from acceltrial.catalog.columns import Column
from acceltrial.errors import DataContractError
from acceltrial.storage.atomic import storage_error


def read_rows(path: Path, needed: Sequence[str] = ()) -> list[dict[str, str]]:
    """The rows of a CSV file as text, header names as keys; separated by commas, semicolons or tabs.

    Raises:
        StorageError: the file cannot be read.
        DataContractError: not UTF-8, no header, a repeated column, one of `needed` missing, or a row with too
            many or few cells.
    """
    with csv_text(path):
        try:
            text = path.read_text(encoding="utf-8-sig")
        except OSError as error:
            raise storage_error(error, path) from error
        lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter_of(text), strict=True))
    if not lines:
        raise DataContractError("the file is empty", where=str(path), remedy="give at least a header line")
    header = [name.strip() for name in lines[0]]
    if len(set(header)) != len(header):
        raise DataContractError(
            "a column stands twice in the header", where=f"{path}, row 1", remedy="rename one"
        )
    if missing := [name for name in needed if name not in header]:
        raise DataContractError(
            f"column {missing[0]!r} is missing",
            where=f"{path}, row 1",
            remedy=f"such a list has {', '.join(needed)}",
        )
    rows = []
    for number, cells in enumerate(lines[1:], start=2):
        if not cells:
            continue
        rows.append(named_cells([cell.strip() for cell in cells], header, path, number))
    return rows


@contextmanager
def csv_text(path: Path) -> Iterator[None]:
    """Whatever the block reads of `path` that is no CSV table in UTF-8 is told as DataContractError."""
    try:
        yield
    except UnicodeDecodeError as error:
        raise DataContractError(
            "the file is not UTF-8 text", where=str(path), remedy="save it as UTF-8 CSV"
        ) from error
    except csv.Error as error:
        raise DataContractError(
            f"not a CSV table ({error})", where=str(path), remedy="check the quotes of the file"
        ) from error


def named_cells(cells: list[str], header: list[str], path: Path, number: int) -> dict[str, str]:
    """The cells of row `number` by column. Raises DataContractError where they are too many or too few."""
    if len(cells) != len(header):
        raise DataContractError(
            f"{len(cells)} cells where the header has {len(header)}",
            where=f"{path}, row {number}",
            remedy="quote cells that contain commas",
        )
    return dict(zip(header, cells, strict=True))


def delimiter_of(text: str) -> str:
    """What parts the names in the first line: a comma, else a semicolon or a tab, as in spreadsheets."""
    header = text.partition("\n")[0]
    return next((mark for mark in ",;\t" if mark in header), ",")


def read_table(path: Path, columns: Mapping[str, Column], unique: tuple[str, ...] = ()) -> pl.DataFrame:
    """The table at `path` with exactly `columns`, in their order and types; empty cells are null.

    Args:
        path: a CSV file.
        columns: what each column may hold.
        unique: columns that together must not repeat.

    Raises:
        StorageError: the file cannot be read.
        DataContractError: naming file, row, column and remedy.
    """
    rows = read_rows(path)
    names = set(rows[0]) if rows else set(columns)
    missing = [name for name in columns if name not in names]
    unknown = sorted(names - set(columns))
    if missing or unknown:
        what = f"column '{(missing or unknown)[0]}' is {'missing' if missing else 'not known here'}"
        raise DataContractError(
            what, where=f"{path}, row 1", remedy=f"expected columns: {', '.join(columns)}"
        )
    parsed = [_parse_row(path, number, row, columns) for number, row in enumerate(rows, start=2)]
    _refuse_repeats(path, parsed, unique)
    schema = {name: column.dtype for name, column in columns.items()}
    return pl.DataFrame(parsed, schema=schema, orient="row")


def _parse_row(path: Path, number: int, row: dict[str, str], columns: Mapping[str, Column]) -> dict[str, Any]:
    parsed = {}
    for name, column in columns.items():
        problem, value = parse_cell(row[name], column)
        if problem:
            raise DataContractError(
                f"{row[name]!r} is {problem}" if row[name] else problem,
                where=f"{path}, row {number}, column {name}",
                remedy="correct the cell, or leave it empty when the value is not known"
                if not column.required
                else "give a value with its source",
                details={"row": number, "column": name, "value": row[name]},
            )
        parsed[name] = value
    return parsed


def parse_cell(text: str, column: Column) -> tuple[str, Any]:
    """What is wrong with the cell ("" when nothing), and its value (None when empty)."""
    if not text:
        return ("the cell is empty but a value is required" if column.required else "", None)
    if column.dtype is pl.String:
        return _text_problem(text, column), text
    try:
        value = float(text)
    except ValueError:
        return "not a number", None
    if not math.isfinite(value):
        return "not a finite number", None
    if column.above is not None and value <= column.above:
        return f"not above {column.above:g}", None
    if column.dtype is pl.Int64:
        return ("", int(value)) if value.is_integer() and value < 2**62 else ("not a whole number", None)
    return "", value


def _text_problem(text: str, column: Column) -> str:
    if column.one_of and text not in column.one_of:
        return f"not one of {', '.join(column.one_of)}"
    if column.pattern and not re.match(column.pattern, text):
        return f"not of the form {column.pattern}"
    return ""


def _refuse_repeats(path: Path, rows: list[dict[str, Any]], unique: tuple[str, ...]) -> None:
    seen: dict[tuple[Any, ...], int] = {}
    for number, row in enumerate(rows, start=2):
        key = tuple(row[name] for name in unique)
        if key and key in seen:
            raise DataContractError(
                f"{' / '.join(map(str, key))} stands twice (first in row {seen[key]})",
                where=f"{path}, row {number}, column {unique[0]}",
                remedy="remove one of the two rows",
                details={"row": number, "column": unique[0], "value": key[0]},
            )
        seen[key] = number
