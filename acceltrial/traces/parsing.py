"""Foreign cells as numbers and instants; the first bad cell is named with its row and column."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from acceltrial.errors import DataContractError
from acceltrial.traces.columns import CANONICAL, MAX_TOKENS, NANOSECONDS, ColumnMap

_ZONE = r"(Z|z|[+-]\d{2}:?\d{2})$"
_NAIVE = "%Y-%m-%d %H:%M:%S%.f"
_MAX_NS = 2**62


def parse_batch(frame: pl.DataFrame, columns: ColumnMap, path: Path) -> pl.DataFrame:
    """`row`, `time_ns` and the canonical columns other than `arrival_s`, from foreign columns.

    Raises:
        DataContractError: the first cell that is no number or instant, negative, NaN, infinite or absurd.
    """
    rows = frame["row"]
    found = columns.wanted()
    parsed = [rows, instants(frame[found["arrival"]], columns.time_unit, rows, path)]
    for name, dtype in CANONICAL.items():
        if name == "arrival_s":
            continue
        if name not in found:
            parsed.append(pl.Series(name, [None], dtype=dtype).new_from_index(0, frame.height))
        elif dtype == pl.String:
            parsed.append(names(frame[found[name]]).alias(name))
        else:
            numbers = whole_numbers(frame[found[name]], rows, path)
            parsed.append(numbers.cast(dtype).alias(name))
    return pl.DataFrame(parsed)


def whole_numbers(cells: pl.Series, rows: pl.Series, path: Path, maximum: int = MAX_TOKENS) -> pl.Series:
    """Whole numbers from 0 to `maximum`; an empty cell stays empty. Raises DataContractError."""
    column = cells.name
    if cells.dtype == pl.String:
        cells = _blank_to_null(cells)
        numbers = cells.cast(pl.Int64, strict=False)
        if numbers.null_count() > cells.null_count():
            floats = cells.cast(pl.Float64, strict=False)
            _refuse(floats.is_null() & cells.is_not_null(), cells, rows, path, column, "not a number")
            numbers = _whole(floats, cells, rows, path, column)
    elif cells.dtype.is_float():
        numbers = _whole(cells.cast(pl.Float64), cells, rows, path, column)
    elif cells.dtype.is_integer():
        _refuse(cells > maximum, cells, rows, path, column, f"more than {maximum:,}")
        numbers = cells.cast(pl.Int64)
    elif cells.dtype == pl.Null:
        return cells.cast(pl.Int64)
    else:
        raise _wrong_type(cells, path, "whole numbers")
    _refuse(numbers < 0, cells, rows, path, column, "negative")
    _refuse(numbers > maximum, cells, rows, path, column, f"more than {maximum:,}")
    return numbers


def instants(cells: pl.Series, unit: str, rows: pl.Series, path: Path) -> pl.Series:
    """Nanoseconds as `time_ns`, since the epoch (iso, or a timestamp type) or since the trace's own zero.

    Raises:
        DataContractError: an empty or unreadable cell, a negative time, rows with and without an offset.
    """
    column = cells.name
    if isinstance(cells.dtype, pl.Datetime | pl.Date):
        moments = cells.cast(pl.Datetime("ns", getattr(cells.dtype, "time_zone", None)))
        times = moments.dt.timestamp("ns") if hasattr(moments.dt, "timestamp") else moments.cast(pl.Int64)
    elif unit == "iso":
        times = _iso(cells, rows, path)
    else:
        times = _scaled(cells, unit, rows, path)
    _refuse(times.is_null(), cells, rows, path, column, "no time")
    _refuse(times < 0, cells, rows, path, column, "a negative time")
    return times.alias("time_ns")


def names(cells: pl.Series) -> pl.Series:
    """Identifiers as text; blank means empty."""
    return _blank_to_null(cells.cast(pl.String))


def _scaled(cells: pl.Series, unit: str, rows: pl.Series, path: Path) -> pl.Series:
    column, scale = cells.name, NANOSECONDS[unit]
    remedy = f"times are read in {unit!r}: set `time_unit` (s, ms, us, ns, iso) to what the file has"
    if cells.dtype == pl.String:
        text = _blank_to_null(cells)
        whole = text.cast(pl.Int64, strict=False)
        if whole.null_count() > text.null_count():
            floats = text.cast(pl.Float64, strict=False)
            bad = floats.is_null() & text.is_not_null()
            _refuse(bad, cells, rows, path, column, "not a number", remedy)
        else:
            floats = None
    elif cells.dtype.is_float():
        floats, whole = cells.cast(pl.Float64), cells
    elif cells.dtype.is_integer():
        floats, whole = None, cells.cast(pl.Int64, strict=False)
    else:
        raise _wrong_type(cells, path, "times")
    if floats is None:
        _refuse(whole.abs() > _MAX_NS // scale, cells, rows, path, column, "an absurd time", remedy)
        return whole * scale
    _refuse(~floats.is_finite(), cells, rows, path, column, "not finite")
    _refuse(floats.abs() > _MAX_NS / scale, cells, rows, path, column, "an absurd time", remedy)
    return (floats * scale).round(0).cast(pl.Int64)


def _iso(cells: pl.Series, rows: pl.Series, path: Path) -> pl.Series:
    if cells.dtype != pl.String:
        raise _wrong_type(cells, path, "ISO 8601 instants")
    text = _blank_to_null(cells)
    zoned = text.str.contains(_ZONE)
    if zoned.any() and not zoned.all():
        with_zone, without = int(zoned.arg_max() or 0), int(zoned.arg_min() or 0)
        raise DataContractError(
            f"times with and without an offset from UTC are mixed: row {rows[with_zone]} has"
            f" {text[with_zone]!r}, row {rows[without]} has {text[without]!r}",
            where=f"{path}, column {cells.name}",
            remedy="write every time with its offset, or none",
        )
    shift: pl.Series | int = 0
    if zoned.any():
        zone = text.str.extract(_ZONE, 1)
        shift = _offset_ns(zone)
        text = text.str.replace(_ZONE, "").str.strip_chars_end(" ")
    plain = text.str.replace("T", " ", literal=True).str.strip_suffix(" UTC")
    moments = plain.str.to_datetime(_NAIVE, time_unit="ns", strict=False)
    if moments.null_count() > cells.null_count():
        _refuse(moments.is_null(), cells, rows, path, cells.name, "not an ISO 8601 date and time")
    return moments.cast(pl.Int64) - shift


def _offset_ns(zone: pl.Series) -> pl.Series:
    sign = zone.str.starts_with("-").cast(pl.Int64) * -2 + 1
    digits = zone.str.replace_all(r"[^0-9]", "")
    hours = digits.str.slice(0, 2).cast(pl.Int64, strict=False).fill_null(0)
    minutes = digits.str.slice(2, 2).cast(pl.Int64, strict=False).fill_null(0)
    return sign * (hours * 3600 + minutes * 60) * NANOSECONDS["s"]


def _whole(floats: pl.Series, cells: pl.Series, rows: pl.Series, path: Path, column: str) -> pl.Series:
    _refuse(~floats.is_finite(), cells, rows, path, column, "not finite")
    _refuse(floats != floats.round(0), cells, rows, path, column, "not a whole number")
    _refuse(floats.abs() > MAX_TOKENS, cells, rows, path, column, f"more than {MAX_TOKENS:,}")
    return floats.cast(pl.Int64)


def _blank_to_null(cells: pl.Series) -> pl.Series:
    if cells.null_count() == cells.len():
        return cells
    stripped = cells.str.strip_chars()
    return stripped.set(stripped == "", None)


def _refuse(
    bad: pl.Series, cells: pl.Series, rows: pl.Series, path: Path, column: str, what: str, remedy: str = ""
) -> None:
    bad = bad.fill_null(False)
    if not bad.any():
        return
    index = bad.arg_max()
    assert index is not None
    value = cells[index]
    shown = str(value)[:60]
    raise DataContractError(
        f"{shown!r} is {what}" if value is not None else f"the cell is empty: {what}",
        where=f"{path}, row {rows[index]}, column {column}",
        remedy=remedy or "correct or remove the row, or map another column",
        details={"row": rows[index], "column": column, "value": shown, "bad_rows": int(bad.sum())},
    )


def _wrong_type(cells: pl.Series, path: Path, expected: str) -> DataContractError:
    return DataContractError(
        f"the column holds {cells.dtype}, not {expected}",
        where=f"{path}, column {cells.name}",
        remedy="map another column with `columns`, or set `time_unit`",
    )
