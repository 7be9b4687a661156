"""ServeGen client statistics: rate and gap distribution of every client and window, drawn into requests.

The published files hold no requests but the parameters of each client's arrivals, and in a table beside
them the quantiles of its lengths. Reading them draws one trace, marked as generated.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from acceltrial.errors import DataContractError
from acceltrial.traces.columns import CANONICAL
from acceltrial.traces.formats.base import Reading
from acceltrial.traces.generator.lengths import LengthSpec, draw_lengths
from acceltrial.traces.generator.renewal import Family, unit_gaps
from acceltrial.traces.parsing import whole_numbers
from acceltrial.traces.source import Head, opened
from acceltrial.traces.tabular import csv_batches, csv_header

_REQUIRED = ("client", "window_start_s", "rate_rps", "interarrival_cv", "distribution")
_MAX_WINDOW_REQUESTS: Final = 5_000_000


@dataclass(frozen=True, slots=True)
class _Window:
    client: str
    rate_rps: float
    cv: float
    distribution: str


class ServeGenFormat:
    """A CSV table `client,window_start_s,rate_rps,interarrival_cv,distribution[,param1,param2]`.

    Lengths come from a table beside it, named with `lengths` where the rates' file says `rates`; without
    it, token counts stay empty.
    """

    name = "servegen"
    about = "ServeGen client statistics (CSV), drawn into requests"
    ordered = True

    def recognises(self, head: Head) -> bool:
        """By its column names."""
        return set(_REQUIRED) <= set(csv_header(head)[0])

    def batches(self, head: Head, reading: Reading) -> Iterator[pl.DataFrame]:
        """Parsed batches, one a window. Raises DataContractError."""
        reading.origin = "generated"
        reading.notes.append("drawn from the published rate and gap distribution of each client and window")
        windows = _windows(head, reading)
        starts = sorted(windows)
        lengths = _lengths(head.path)
        if lengths is None:
            reading.notes.append("no table of lengths beside the rates: token counts are empty")
        random = np.random.default_rng(reading.seed)
        row = 1
        for index, start in enumerate(starts):
            width = (starts[index + 1] if index + 1 < len(starts) else 2 * start - starts[index - 1]) - start
            frame = _draw_window(head.path, windows[start], start, width, lengths, random)
            yield frame.with_columns(pl.int_range(row, row + frame.height, dtype=pl.Int64).alias("row"))
            row += frame.height


def _windows(head: Head, reading: Reading) -> dict[int, list[_Window]]:
    found: dict[int, list[_Window]] = {}
    for frame in csv_batches(head, _REQUIRED, reading.block_bytes):
        start = whole_numbers(frame["window_start_s"], frame["row"], head.path)
        for item, at in zip(frame.iter_rows(named=True), start, strict=True):
            rate, cv = _figure(head.path, item, "rate_rps"), _figure(head.path, item, "interarrival_cv")
            if rate > 0:
                window = _Window(str(item["client"]), rate, cv, str(item["distribution"]))
                found.setdefault(at, []).append(window)
    if len(found) < 2:
        raise DataContractError(
            "fewer than two windows with requests",
            where=str(head.path),
            remedy="give the whole table: the width of a window follows from the starts",
        )
    return found


def _figure(path: Path, item: dict[str, str], column: str) -> float:
    try:
        value = float(item[column])
    except (TypeError, ValueError):
        value = float("nan")
    if not 0 <= value < 1e6:
        raise DataContractError(
            f"{item[column]!r} is no figure from 0 to a million",
            where=f"{path}, row {item['row']}, column {column}",
            remedy="correct or remove the row",
        )
    return value


def _draw_window(
    path: Path,
    clients: list[_Window],
    start: int,
    width: int,
    lengths: dict[tuple[str, str], list[tuple[int, LengthSpec]]] | None,
    random: np.random.Generator,
) -> pl.DataFrame:
    expected = sum(client.rate_rps for client in clients) * width
    if expected > _MAX_WINDOW_REQUESTS:
        raise DataContractError(
            f"{expected:,.0f} requests in one window of {width} s",
            where=f"{path}, window {start}",
            remedy="check the unit of rate_rps",
        )
    parts = []
    for client in clients:
        times = _arrivals(client, width, random)
        tokens = {
            name: draw_lengths(_at((lengths or {}).get((client.client, name)), start), times.size, random)
            for name in ("input", "output")
        }
        parts.append(
            pl.DataFrame(
                {
                    "row": np.zeros(times.size, dtype=np.int64),
                    "time_ns": ((start + times) * 1e9).astype(np.int64),
                    "input_tokens": tokens["input"],
                    "output_tokens": tokens["output"],
                    "client": [client.client] * times.size,
                },
                schema_overrides={"client": pl.String, "input_tokens": pl.Int32, "output_tokens": pl.Int32},
            )
        )
    merged = pl.concat(parts).sort("time_ns", maintain_order=True)
    empty = [
        pl.lit(None, dtype=t).alias(n)
        for n, t in CANONICAL.items()
        if n in {"session", "turn", "prefix_tokens"}
    ]
    return merged.with_columns(empty).select("row", "time_ns", *[n for n in CANONICAL if n != "arrival_s"])


def _arrivals(client: _Window, width: int, random: np.random.Generator) -> NDArray[np.float64]:
    """Arrivals of a renewal process whose gaps have the published mean, spread and family."""
    mean = 1.0 / client.rate_rps
    count = int(client.rate_rps * width * 1.2 + 10 * (1 + client.cv) * np.sqrt(client.rate_rps * width) + 20)
    family: Family = "weibull" if client.distribution.lower() == "weibull" else "gamma"
    gaps = unit_gaps(family, max(client.cv, 1e-3), count, random) * mean
    times = np.cumsum(gaps) - gaps[0] * random.random()
    kept: NDArray[np.float64] = times[times < width]
    return kept


def _lengths(path: Path) -> dict[tuple[str, str], list[tuple[int, LengthSpec]]] | None:
    beside = path.with_name(path.name.replace("rates", "lengths"))
    if beside == path or not beside.is_file():
        return None
    with opened(beside) as stream:
        rows = list(csv.DictReader(line.decode() for line in stream))
    found: dict[tuple[str, str], list[tuple[int, LengthSpec]]] = {}
    for row in rows:
        for name in ("input", "output"):
            parts = ("text_tokens", "image_tokens") if name == "input" else ("output_tokens",)
            values = {q: sum(float(row[f"{p}_{q}"] or 0) for p in parts) for q in ("p50", "p95", "p99")}
            spec = LengthSpec(quantiles={0.5: values["p50"], 0.95: values["p95"], 0.99: values["p99"]})
            found.setdefault((row["client"], name), []).append((int(row["window_start_s"]), spec))
    return found


def _at(found: list[tuple[int, LengthSpec]] | None, start: int) -> LengthSpec | None:
    if not found:
        return None
    return [spec for at, spec in found if at <= start or at == found[0][0]][-1]
