"""Rows of CSV, JSON lines and Parquet as frames of foreign columns, batch by batch."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl
from polars.datatypes import DataType

from acceltrial.errors import DataContractError
from acceltrial.traces.json_objects import json_objects
from acceltrial.traces.source import Head, line_blocks

PARQUET_BATCH = 262_144


def csv_header(head: Head) -> tuple[list[str], str]:
    """Column names and the separator (comma, semicolon or tab) of a CSV file's first line."""
    line = head.lines[0] if head.lines else ""
    separator = max(",;\t", key=line.count)
    names = next(csv.reader([line], delimiter=separator), [])
    return [name.strip() for name in names], separator


def csv_batches(
    head: Head,
    wanted: Sequence[str],
    block_bytes: int,
    types: Mapping[str, DataType] | None = None,
    header: Sequence[str] | None = None,
) -> Iterator[pl.DataFrame]:
    """The `wanted` columns, with `row` counting data rows from 1; blank lines are left out.

    Columns are text, or of the type in `types` as long as every cell of a block can be read so. `header`
    names the columns of a file that has no line for that.

    Raises:
        DataContractError: a missing or doubled column, a row with more fields than the header.
    """
    found, separator = csv_header(head)
    names = found if header is None else list(header)
    check_columns(head.path, names, wanted)
    for name in wanted:
        if names.count(name) > 1:
            raise _column_error(head.path, name, "stands in the header twice", names)
    text: dict[str, DataType] = dict.fromkeys(_distinct(names), pl.String())
    typed = {**text, **(types or {})}
    row, first = 1, True
    for block in line_blocks(head.path, block_bytes):
        body = _without_header(block) if first and header is None else block
        first = False
        if not body.strip():
            row += body.count(b"\n")
            continue
        try:
            frame = pl.read_csv(
                body, has_header=False, schema=typed, separator=separator, missing_columns="insert"
            )
        except pl.exceptions.PolarsError:
            typed = text  # the cells are told one by one, so that the bad one can be named
            frame = _csv_frame(head.path, body, text, separator, row)
        rows = pl.int_range(row, row + frame.height, dtype=pl.Int64, eager=True).alias("row")
        row += frame.height
        if frame[wanted[0]].null_count():
            blank = frame.select(pl.all_horizontal(pl.all().is_null())).to_series()
            frame, rows = frame.filter(~blank), rows.filter(~blank)
        yield frame.select(rows, *wanted)


def json_batches(head: Head, wanted: Sequence[str], block_bytes: int) -> Iterator[pl.DataFrame]:
    """The `wanted` fields (dotted paths reach inside), with `row` the line on which the object starts."""
    present: set[str] = set()
    first = True
    for objects in json_objects(head.path, block_bytes):
        rows, items = [one.line for one in objects], [one.item for one in objects]
        columns = {name: [_reach(item, name) for item in items] for name in wanted}
        present.update(name for name, values in columns.items() if any(v is not None for v in values))
        if first:
            known = sorted({key for item in items[:100] for key in item})
            check_columns(head.path, [*known, *present], wanted)
            first = False
        yield pl.DataFrame(
            [pl.Series("row", rows, dtype=pl.Int64), *(json_series(name, v) for name, v in columns.items())]
        )


def parquet_columns(path: Path) -> tuple[str, ...]:
    """Column names of the Parquet file at `path`. Raises DataContractError when it is damaged."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return tuple(pq.read_schema(path).names)
    except (pa.ArrowException, OSError) as error:
        raise _damaged_parquet(path, error) from error


def parquet_batches(head: Head, wanted: Sequence[str]) -> Iterator[pl.DataFrame]:
    """The `wanted` columns, with `row` counting from 1. Raises DataContractError."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    check_columns(head.path, head.parquet_columns or (), wanted)
    row = 1
    try:
        with pq.ParquetFile(head.path) as file:
            for batch in file.iter_batches(batch_size=PARQUET_BATCH, columns=list(wanted)):
                frame = pl.DataFrame(batch)
                yield frame.with_row_index("row", offset=row).cast({"row": pl.Int64})
                row += frame.height
    except (pa.ArrowException, OSError) as error:
        raise _damaged_parquet(head.path, error) from error


def check_columns(path: Path, names: Collection[str], wanted: Sequence[str]) -> None:
    """Nothing, when every wanted column is there. Raises DataContractError."""
    for name in wanted:
        if name not in names:
            raise _column_error(path, name, "is missing", names)


def _column_error(path: Path, name: str, what: str, names: Collection[str]) -> DataContractError:
    listed = list(dict.fromkeys(names))[:40]
    return DataContractError(
        f"column {name!r} {what}",
        where=f"{path}, header",
        remedy=f"the columns there are: {', '.join(listed) or 'none'}; map the right one with `columns`",
        details={"column": name, "columns": listed},
    )


def _csv_frame(
    path: Path, body: bytes, schema: dict[str, DataType], separator: str, row: int
) -> pl.DataFrame:
    try:
        return pl.read_csv(
            body, has_header=False, schema=schema, separator=separator, missing_columns="insert"
        )
    except pl.exceptions.PolarsError as error:
        text = io.StringIO(body.decode("utf-8", errors="replace"), newline="")
        for offset, fields in enumerate(csv.reader(text, delimiter=separator)):
            if len(fields) > len(schema):
                raise DataContractError(
                    f"{len(fields)} fields where the header has {len(schema)}",
                    where=f"{path}, row {row + offset}",
                    remedy="quote fields that contain the separator",
                ) from error
        raise DataContractError(
            f"not readable as CSV ({str(error).splitlines()[0]})",
            where=f"{path}, rows from {row}",
            remedy="check quotes and separators near that row",
        ) from error


def _without_header(block: bytes) -> bytes:
    stripped = block.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n")
    return stripped[stripped.find(b"\n") + 1 :] if b"\n" in stripped else b""


def _distinct(names: list[str]) -> list[str]:
    return [name if names.index(name) == i else f"{name}#{i}" for i, name in enumerate(names)]


def _reach(item: dict[str, Any], name: str) -> Any:
    if name in item:
        return item[name]
    value: Any = item
    for part in name.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def json_series(name: str, values: list[Any]) -> pl.Series:
    """A column of JSON values: whole numbers, numbers, or text where kinds are mixed."""
    kinds = {type(value) for value in values if value is not None}
    if kinds <= {int}:
        try:
            return pl.Series(name, values, dtype=pl.Int64)
        except (OverflowError, TypeError, pl.exceptions.PolarsError):
            return pl.Series(name, [None if v is None else float(v) for v in values], dtype=pl.Float64)
    if kinds <= {int, float}:
        return pl.Series(name, [None if v is None else float(v) for v in values], dtype=pl.Float64)
    return pl.Series(name, [None if v is None else str(v) for v in values], dtype=pl.String)


def _damaged_parquet(path: Path, error: Exception) -> DataContractError:
    return DataContractError(
        f"a damaged or truncated Parquet file ({str(error).splitlines()[0]})",
        where=str(path),
        remedy="fetch or write the file again",
    )
