"""From a workload's own trace to what one small machine can serve, with every change written down."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from acceltrial.errors import DataContractError
from acceltrial.traces.sampling import Unit, thin

DRAWS = 8
"""Draws of whole clients, or sessions, before smaller units are tried."""


@dataclass(frozen=True, slots=True)
class Cut:
    """How far the trace may be changed.

    Attributes:
        seconds: length of the window that is replayed.
        most_rps: no higher rate is asked for.
        least_requests: a sparser window is compressed in time, as far as `most_rps` allows.
        longest_s: a window that is still sparser is made longer, up to this.
        generates: False where answers have no length in tokens (embeddings, scores).
    """

    seconds: float
    most_rps: float
    least_requests: int
    longest_s: float
    max_input_tokens: int | None
    max_output_tokens: int | None
    seed: int
    generates: bool = True


@dataclass(frozen=True, slots=True)
class Window:
    """What is replayed: times from 0 to `seconds`, lengths after cutting, and what was done, in words."""

    seconds: float
    arrival_s: tuple[float, ...]
    input_tokens: tuple[int, ...]
    output_tokens: tuple[int, ...]
    adjustments: str

    def __len__(self) -> int:
        return len(self.arrival_s)


def read_requests(path: Path, workload: str, most: int = 2_000_000) -> pl.DataFrame:
    """The workload's requests in order of arrival. Raises DataContractError when there are none."""
    frame = (
        pl.scan_parquet(path)
        .filter(pl.col("workload") == workload)
        .select("index", "arrival_s", "input_tokens", "output_tokens", "client", "session")
        .head(most)
        .collect()
    )
    if not frame.height:
        raise DataContractError(
            "the workload has no request in the trace",
            where=f"{path}, workload {workload}",
            remedy="correct its trace in the portfolio, then run collect again",
        )
    return frame.sort("arrival_s", "index")


def window_of(requests: pl.DataFrame, cut: Cut) -> Window:
    """The part of the trace to replay.

    A trace faster than `most_rps` is thinned, whole clients at a time where that works out; a slower one
    is compressed in time until the window holds enough requests. What a target cannot bear faster takes a
    longer window. The window is the one whose number of requests lies nearest to the mean: neither the
    quietest nor the busiest.
    """
    done: list[str] = []
    span = float(requests["arrival_s"][-1] - requests["arrival_s"][0]) or 1.0
    rate = requests.height / span
    if rate > cut.most_rps:
        requests, note = _thinned(requests, cut.most_rps / rate, cut.seed)
        done.append(note)
        rate = requests.height / span
    warp = _warp(rate, cut)
    if warp > 1:
        done.append(f"time compressed {warp:.3g}:1")
    seconds = max(cut.seconds, min(cut.longest_s, cut.least_requests / (rate * warp)))
    times = requests["arrival_s"].to_numpy()
    first, last = _typical(times, seconds * warp)
    if last - first < requests.height:
        end = times[first] + seconds * warp
        done.append(f"window {times[first]:.0f}–{end:.0f} s of {span:.0f} s of the trace")
    chosen = requests[first:last]
    inputs, notes = _lengths(chosen["input_tokens"], cut.max_input_tokens, "prompts", 64)
    done += notes
    outputs = [1] * chosen.height
    if cut.generates:
        outputs, notes = _lengths(chosen["output_tokens"], cut.max_output_tokens, "outputs", 16)
        done += notes
    start = float(times[first])
    at = (chosen["arrival_s"].to_numpy() - start) / warp
    seconds = max(seconds, float(at[-1]))
    return Window(seconds, tuple(at.tolist()), tuple(inputs), tuple(outputs), "; ".join(done))


def _thinned(requests: pl.DataFrame, share: float, seed: int) -> tuple[pl.DataFrame, str]:
    """Whole clients, else whole sessions, else single requests: the first that comes near the share."""
    wanted = share * requests.height
    units: tuple[Unit, ...] = ("client", "session", "request")
    for unit in units:
        if unit != "request" and requests[unit].null_count():
            continue
        # Clients differ much in how busy they are: some draws of them miss the share by far.
        for attempt in range(DRAWS):
            kept = thin([requests], share, seed=seed + attempt, unit=unit)
            frame = pl.concat(list(kept))
            if frame.height and 0.6 * wanted <= frame.height <= 1.3 * wanted:
                return frame, str(kept.thinning)
    take = max(1, round(wanted))
    indices = np.sort(np.random.default_rng(seed).choice(requests.height, take, replace=False))
    return requests[indices], f"thinned 1:{requests.height / take:.3g} by request"


def _warp(rate: float, cut: Cut) -> float:
    wanted = min(cut.most_rps, cut.least_requests / cut.seconds)
    return max(1.0, wanted / rate)


def _typical(times: np.ndarray[tuple[int], np.dtype[np.float64]], length: float) -> tuple[int, int]:
    """First and last (exclusive) request of the window whose number of requests lies nearest to the mean."""
    ends = np.searchsorted(times, times + length, side="left")
    counts = ends - np.arange(len(times))
    whole = times + length <= times[-1] + 1e-9
    if not whole.any():
        return 0, len(times)
    mean = len(times) * length / max(times[-1] - times[0], length)
    first = int(np.argmin(np.where(whole, np.abs(counts - mean), np.inf)))
    return first, int(ends[first])


def _lengths(column: pl.Series, most: int | None, what: str, fallback: int) -> tuple[list[int], list[str]]:
    notes: list[str] = []
    unknown = column.null_count()
    if unknown:
        known = column.drop_nulls().median()
        fill = int(known) if isinstance(known, int | float) else fallback
        notes.append(
            f"{what} of unknown length set to {fill} tokens ({unknown / len(column):.0%} of requests)"
        )
        column = column.fill_null(fill)
    values = [max(1, int(value)) for value in column]
    cut = sum(value > most for value in values) if most else 0
    if cut and most:
        notes.append(f"{what} cut to {most} tokens ({cut / len(values):.0%} of requests)")
        values = [min(value, most) for value in values]
    return values, notes
