"""Files of cases in, files of predictions out; and files of measured rows for a fit."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import IO

import numpy as np

from acceltrial.catalog.reading import csv_text, delimiter_of, named_cells
from acceltrial.errors import DataContractError
from acceltrial.predict.case import Kind, ServingCase, as_arrays
from acceltrial.predict.estimates import estimate
from acceltrial.predict.fitting import Training, training_rows
from acceltrial.predict.parameters import Parameters
from acceltrial.predict.physics import Physical, log_prediction
from acceltrial.predict.rows import COLUMNS, RefusedError, Row, RowReader
from acceltrial.storage.atomic import replacing, storage_error

ADDED = ("predicted", "low", "high", "grade", "basis", "reason")
CHUNK = 20_000
"""Rows predicted at once: a million cases stay within some hundred megabytes."""
MOST_UNLIKE = 300.0
"""Published rows lie within 200 times of the model before any fit; milliseconds named seconds are 1,000."""


@dataclass
class Summary:
    """What became of a file of cases."""

    rows: int = 0
    predicted: int = 0
    refused: int = 0
    reasons: dict[str, int] = field(default_factory=dict)


def predict_file(cases: Path, out: Path, reader: RowReader, parameters: Parameters) -> Summary:
    """Writes the rows of `cases` in their order, with the columns of `ADDED`, atomically to `out`.

    Raises:
        StorageError: a file cannot be read or written.
        DataContractError: no CSV table, a column is missing, or a row has too many or too few cells.
    """
    summary = Summary()
    with _opened(cases) as stream, replacing(out) as temporary, temporary.open("w", newline="") as target:
        rows = _rows(stream, cases, COLUMNS)
        header = next(rows)
        writer = csv.writer(target, lineterminator="\n")
        writer.writerow([*(name for name in header if name not in ADDED), *ADDED])
        names = [name for name in header if name not in ADDED]
        while chunk := list(islice(rows, CHUNK)):
            added = _predict(chunk, reader, parameters, summary)
            for row, cells in zip(chunk, added, strict=True):
                writer.writerow([*(row[name] for name in names), *cells])
    return summary


def read_training(data: Path, reader: RowReader) -> tuple[Training, list[tuple[int, str]]]:
    """The usable measured rows of a file, and why each other row was left out (row number, reason).

    Raises:
        StorageError: the file cannot be read.
        DataContractError: no CSV table, a column is missing, or a value is no positive number.
    """
    used: list[tuple[ServingCase, Kind, float]] = []
    numbers: list[int] = []
    left_out: list[tuple[int, str]] = []
    with _opened(data) as stream:
        rows = _rows(stream, data, (*COLUMNS, "value"))
        next(rows)
        for number, row in enumerate(rows, start=2):
            value = _positive(row["value"], data, number)
            try:
                read = reader.read(row)
            except RefusedError as refusal:
                left_out.append((number, str(refusal)))
                continue
            used.append((read.case, read.kind, read.in_our_unit(value)))
            numbers.append(number)
    likely = []
    for number, case, ratio in zip(numbers, used, _over_expected(used), strict=True):
        if not 1.0 / MOST_UNLIKE <= ratio <= MOST_UNLIKE:
            reason = f"{ratio:.3g} times what the step-time model expects before any fit: another unit?"
            left_out.append((number, reason))
        else:
            likely.append(case)
    return training_rows(likely), sorted(left_out)


def _over_expected(used: list[tuple[ServingCase, Kind, float]]) -> list[float]:
    """Each value over what the model expects with the prior medians of its figures; 1 where it knows none."""
    if not used:
        return []
    cases, kinds, values = zip(*used, strict=True)
    expected = log_prediction(as_arrays(cases), np.array(kinds), Physical())
    ratios = np.exp(np.clip(np.log(values) - expected, -700.0, 700.0))
    return [float(ratio) for ratio in np.where(np.isfinite(ratios), ratios, 1.0)]


def _predict(
    chunk: list[dict[str, str]], reader: RowReader, parameters: Parameters, summary: Summary
) -> list[tuple[str, ...]]:
    read = [_read(reader, row) for row in chunk]
    good = [row for row in read if isinstance(row, Row)]
    found = estimate([row.case for row in good], [row.kind for row in good], parameters)
    values = iter(np.stack([found.value, found.low, found.high], axis=-1).reshape(len(good), 3).tolist())
    added = []
    for row in read:
        summary.rows += 1
        if isinstance(row, str):
            cells = _refused(row, summary)
        else:
            cells = _told(*row.in_row_unit(*next(values)), row, parameters, summary)
        added.append(cells)
    return added


def _read(reader: RowReader, row: dict[str, str]) -> Row | str:
    try:
        return reader.read(row)
    except RefusedError as refusal:
        return str(refusal)


def _told(
    value: float, low: float, high: float, row: Row, parameters: Parameters, summary: Summary
) -> tuple[str, ...]:
    if not math.isfinite(value):
        return _refused("a figure of the device or model is not known", summary)
    summary.predicted += 1
    family = row.case.device.family
    basis = (
        f"rows of {family} and the shared step-time model"
        if parameters.seen(family)
        else f"shared step-time model: no row of {family} was fitted"
    )
    if row.case.doubt > 1.0:
        basis = f"{basis}; interval {row.case.doubt:g} times as wide"
    return f"{value:.6g}", f"{low:.6g}", f"{high:.6g}", "predicted", basis, row.note


def _refused(reason: str, summary: Summary) -> tuple[str, ...]:
    summary.refused += 1
    if len(summary.reasons) < 50 or reason in summary.reasons:
        summary.reasons[reason] = summary.reasons.get(reason, 0) + 1
    return "", "", "", "", "refused", reason


def _opened(path: Path) -> IO[str]:
    try:
        return path.open(encoding="utf-8-sig", newline="")
    except OSError as error:
        raise storage_error(error, path) from error


def _rows(stream: IO[str], path: Path, needed: tuple[str, ...]) -> Iterator[dict[str, str]]:
    """First the header as a row of its own names, then each row."""
    with csv_text(path):
        first = stream.readline()
        lines = csv.reader(chain([first], stream), delimiter=delimiter_of(first), strict=True)
        header = [name.strip() for name in next(lines, [])]
        if not header:
            raise DataContractError("the file is empty", where=str(path), remedy="give at least a header")
        _check_header(header, path, needed)
        yield dict.fromkeys(header, "")
        for number, cells in enumerate(lines, start=2):
            if cells:
                yield named_cells(cells, header, path, number)


def _check_header(header: list[str], path: Path, needed: tuple[str, ...]) -> None:
    missing = [name for name in needed if name not in header]
    if missing or len(set(header)) != len(header):
        what = f"column '{missing[0]}' is missing" if missing else "a column stands twice in the header"
        raise DataContractError(what, where=f"{path}, row 1", remedy=f"columns needed: {', '.join(needed)}")


def _positive(text: str, path: Path, number: int) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or value <= 0:
        raise DataContractError(
            f"{text[:40]!r} is not a positive number",
            where=f"{path}, row {number}, column value",
            remedy="correct the value, or remove the row: an unknown measurement is no row",
        )
    return value
