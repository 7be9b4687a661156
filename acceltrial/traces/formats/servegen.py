"""ServeGen client statistics: rate and gap distribution of every client and window, drawn into requests.

The published files hold no requests but the parameters of each client's arrivals, and in a file beside
them the distribution of its lengths. Reading them draws one trace, marked as generated.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from acceltrial.errors import DataContractError
from acceltrial.traces.columns import CANONICAL
from acceltrial.traces.formats.base import Reading
from acceltrial.traces.formats.servegen_lengths import ClientLengths, client_of, figure, lengths_beside
from acceltrial.traces.generator.lengths import draw_lengths
from acceltrial.traces.generator.renewal import Family, unit_gaps
from acceltrial.traces.parsing import whole_numbers
from acceltrial.traces.source import Head
from acceltrial.traces.tabular import csv_batches, csv_header

_REQUIRED = ("client", "window_start_s", "rate_rps")
_OPTIONAL = ("interarrival_cv", "distribution")
_PUBLISHED_FIELDS = 6
_GAMMAS = ("gamma", "exponential", "")
_MAX_WINDOW_REQUESTS: Final = 5_000_000


@dataclass(frozen=True, slots=True)
class _Window:
    client: str
    rate_rps: float
    cv: float
    family: Family


class ServeGenFormat:
    """A table of many clients, or one of the published files, which hold one client each.

    The table: `client,window_start_s,rate_rps` and, where known, `interarrival_cv,distribution`. The
    published files, `chunk-N-trace.csv`: `start,rate,cv,distribution,…` without a header.

    Lengths come from a file beside it, see `servegen_lengths`; without it, token counts stay empty.
    """

    name = "servegen"
    about = "ServeGen client statistics (CSV), drawn into requests"
    ordered = True

    def recognises(self, head: Head) -> bool:
        """By its column names, or by the kinds of the six fields of a published file."""
        return set(_REQUIRED) <= set(csv_header(head)[0]) or _is_published(head)

    def batches(self, head: Head, reading: Reading) -> Iterator[pl.DataFrame]:
        """Parsed batches, one a window. Raises DataContractError."""
        reading.origin = "generated"
        reading.notes.append("drawn from the published rate and gap distribution of each client and window")
        windows = _windows(head, reading)
        starts = sorted(windows)
        # A window that no client has was idle: the one before it does not last longer for that.
        width = int(np.diff(starts).min())
        lengths = lengths_beside(head.path)
        if lengths is None:
            reading.notes.append("no file of lengths beside the rates: token counts are empty")
        random = np.random.default_rng(reading.seed)
        row = 1
        for start in starts:
            if not windows[start]:
                continue
            frame = _draw_window(head.path, windows[start], start, width, lengths or {}, random)
            yield frame.with_columns(pl.int_range(row, row + frame.height, dtype=pl.Int64).alias("row"))
            row += frame.height


def _is_published(head: Head) -> bool:
    fields = head.lines[0].split(",") if head.lines else []
    if len(fields) != _PUBLISHED_FIELDS:
        return False
    *numbers, name = [*fields[:3], *fields[4:], fields[3].strip()]
    return all(re.fullmatch(r"\s*\d+(\.\d*)?([eE][+-]?\d+)?\s*", one) for one in numbers) and (
        not name or name.isalpha()
    )


def _windows(head: Head, reading: Reading) -> dict[int, list[_Window]]:
    """The clients that send in each window, by its start; none in an idle one."""
    found: dict[int, list[_Window]] = {}
    others: set[str] = set()
    for start, item in _rows(head, reading):
        clients = found.setdefault(start, [])
        rate = figure(head.path, item, "rate_rps")
        if rate > 0:
            cv = figure(head.path, item, "interarrival_cv") if "interarrival_cv" in item else 1.0
            name = (item.get("distribution") or "").strip().lower()
            family: Family = "weibull" if name == "weibull" else "gamma"
            if family == "gamma" and name not in _GAMMAS:
                others.add(name)
            clients.append(_Window(str(item["client"]), rate, cv, family))
    if others:
        reading.notes.append(f"gaps of family {', '.join(sorted(others))} are drawn as gamma of the same CV")
    if len(found) < 2:
        raise DataContractError(
            "fewer than two windows",
            where=str(head.path),
            remedy="give the whole table: the width of a window follows from the starts",
        )
    return found


def _rows(head: Head, reading: Reading) -> Iterator[tuple[int, dict[str, Any]]]:
    """Start of the window and cells of every row."""
    names = csv_header(head)[0]
    if set(_REQUIRED) <= set(names):
        wanted = [*_REQUIRED, *(name for name in _OPTIONAL if name in names)]
        if "interarrival_cv" not in names:
            reading.notes.append("no column interarrival_cv: gaps are drawn with a CV of 1")
        frames = csv_batches(head, wanted, reading.block_bytes)
    else:
        frames = _published_rows(head, reading)
    for frame in frames:
        starts = whole_numbers(frame["window_start_s"], frame["row"], head.path)
        yield from zip(starts, frame.iter_rows(named=True), strict=True)


def _published_rows(head: Head, reading: Reading) -> Iterator[pl.DataFrame]:
    client = client_of(head.path)
    reading.notes.append(f"one client ({client}): each of the published files holds one")
    named = ("window_start_s", "rate_rps", "interarrival_cv", "distribution", "param1", "param2")
    for frame in csv_batches(head, named, reading.block_bytes, header=named):
        yield frame.with_columns(pl.lit(client).alias("client"))


def _draw_window(
    path: Path,
    clients: list[_Window],
    start: int,
    width: int,
    lengths: ClientLengths,
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
            name: draw_lengths(_at(lengths.get((client.client, name)), start), times.size, random)
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
    gaps = unit_gaps(client.family, max(client.cv, 1e-3), count, random) * mean
    times = np.cumsum(gaps) - gaps[0] * random.random()
    kept: NDArray[np.float64] = times[times < width]
    return kept


def _at(found: list[tuple[int, Any]] | None, start: int) -> Any:
    if not found:
        return None
    return [spec for at, spec in found if at <= start or at == found[0][0]][-1]
