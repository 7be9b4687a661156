"""Lengths of ServeGen's clients, from the file beside the rates: a table of quantiles, or densities."""

from __future__ import annotations

import ast
import csv
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from pydantic import ValidationError

from acceltrial.errors import DataContractError
from acceltrial.traces.generator.lengths import LengthSpec
from acceltrial.traces.source import opened

ClientLengths = dict[tuple[str, str], list[tuple[int, LengthSpec]]]
"""By client and `input` or `output`: from which second on the lengths are distributed so, in order."""

_PARTS = {
    "input": (("input_tokens",), ("text_tokens", "image_tokens")),
    "output": (("output_tokens",), ("reason_tokens", "answer_tokens")),
}
"""What a length is called, or which lengths it is the sum of."""
_TABLE = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
_DENSITY = (0.05, 0.25, 0.5, 0.75, 0.95, 0.99)


def lengths_beside(path: Path) -> ClientLengths | None:
    """The lengths that belong to the rates at `path`; None where no file of lengths lies beside it.

    `x_rates.csv` has a table `x_lengths.csv` of quantiles; `chunk-N-trace.csv` has `chunk-N-dataset.json`.

    Raises:
        DataContractError: the file is not what it should be.
    """
    plain = path.name.removesuffix(".gz")
    table = plain.replace("rates", "lengths")
    density = plain.replace("-trace.csv", "-dataset.json")
    for name, read in ((table, _from_table), (density, _from_densities)):
        for beside in (path.with_name(name), path.with_name(f"{name}.gz")):
            if name != plain and beside.is_file():
                return read(beside)
    return None


def client_of(path: Path) -> str:
    """The client of a published file, by its name: `7` of `chunk-7-trace.csv` and `chunk-7-dataset.json`."""
    return re.sub(r"^chunk-|-(trace\.csv|dataset\.json)(\.gz)?$", "", path.name)


def figure(path: Path, item: Mapping[str, Any], column: str) -> float:
    """A cell as a figure from 0 to a million. Raises DataContractError."""
    try:
        value = float(item[column])
    except (KeyError, TypeError, ValueError):
        value = float("nan")
    if not 0 <= value < 1e6:
        raise DataContractError(
            f"{item.get(column)!r} is no figure from 0 to a million",
            where=f"{path}, row {item['row']}, column {column}",
            remedy="correct or remove the row",
        )
    return value


def _from_table(path: Path) -> ClientLengths:
    with opened(path) as stream:
        rows = list(csv.DictReader(line.decode("utf-8-sig", errors="replace") for line in stream))
    found: ClientLengths = {}
    for number, row in enumerate(rows, 1):
        item: dict[str, Any] = {**row, "row": number}
        for name in _PARTS:
            parts = list(_parts_in(path, name, row, "_p50"))
            spec = _spec(path, number, _summed(path, item, parts))
            start = int(figure(path, item, "window_start_s"))
            found.setdefault((str(row.get("client")), name), []).append((start, spec))
    for specs in found.values():
        specs.sort(key=lambda one: one[0])
    return found


def _summed(path: Path, item: Mapping[str, Any], parts: list[str]) -> dict[float, float]:
    """Quantiles of the sum of the parts, taken as the sums of theirs: those that every part with any has."""
    given = [
        {q: figure(path, item, f"{part}_{q}") for q in _TABLE if item.get(f"{part}_{q}")} for part in parts
    ]
    there = [cells for cells in given if cells]
    return {
        probability: sum(cells[q] for cells in there)
        for q, probability in _TABLE.items()
        if there and all(q in cells for cells in there)
    }


def _parts_in(path: Path, name: str, there: Mapping[str, Any], suffix: str = "") -> Iterator[str]:
    """The lengths that make up the input or the output. Raises DataContractError where there is none."""
    for parts in _PARTS[name]:
        found = [part for part in parts if f"{part}{suffix}" in there]
        if found:
            yield from found
            return
    raise DataContractError(
        f"no length of the {name}",
        where=str(path),
        remedy=f"give {' or '.join(' and '.join(parts) for parts in _PARTS[name])}; there are:"
        f" {', '.join(map(str, there))[:200]}",
    )


def _from_densities(path: Path) -> ClientLengths:
    """`{"0": {"input_tokens": "{12: 0.4, 80: 0.6}", …}, …}`: probabilities by length, for each window."""
    with opened(path) as stream:
        text = stream.read()
    client = client_of(path)
    found: ClientLengths = {}
    try:
        windows = orjson.loads(text)
        for start, fields in sorted(windows.items(), key=lambda one: int(one[0])):
            densities = {name: _density(content) for name, content in fields.items()}
            if not all(densities.values()):
                continue  # no request in that window
            for name in _PARTS:
                parts = [densities[part] for part in _parts_in(path, name, densities)]
                values = {p: sum(_quantile_of(part, p) for part in parts) for p in _DENSITY}
                found.setdefault((client, name), []).append((int(start), _spec(path, int(start), values)))
    except (ValueError, SyntaxError, TypeError, AttributeError) as error:
        raise DataContractError(
            f"not lengths with their probabilities for each window ({str(error)[:120]})",
            where=str(path),
            remedy="give ServeGen's own file, or move it away: token counts then stay empty",
        ) from error
    return found


def _density(content: Any) -> dict[int, float]:
    found = ast.literal_eval(content) if isinstance(content, str) else content
    return {int(length): float(share) for length, share in found.items()}


def _quantile_of(density: dict[int, float], probability: float) -> float:
    lengths = sorted(density)
    reached = np.cumsum([density[length] for length in lengths])
    return float(lengths[min(int(np.searchsorted(reached, probability * reached[-1])), len(lengths) - 1)])


def _spec(path: Path, row: int, quantiles: dict[float, float]) -> LengthSpec:
    try:
        return LengthSpec(quantiles=quantiles)
    except ValidationError as error:
        raise DataContractError(
            f"these are no quantiles of a length: {error.errors()[0]['msg']}",
            where=f"{path}, row {row}",
            remedy="correct or remove the row",
        ) from error
