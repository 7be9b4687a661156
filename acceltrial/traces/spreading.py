"""Coarse timestamps: detecting the step, and spreading arrivals inside it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

DETECTION_ROWS: Final = 4_096
_MIN_STEP_NS: Final = 1_000_000
_MIN_ZERO_GAPS: Final = 0.05
_MIN_STEP_TO_GAP: Final = 0.1
_JITTER: Final = 0.01
_MIN_ON_GRID: Final = 0.98


def detect_step_ns(times_ns: NDArray[np.int64]) -> int | None:
    """The step of coarse timestamps, or None where arrivals are told apart well enough.

    Times are coarse when their positive gaps are multiples of a step (a clock's jitter of 1 % is allowed)
    of at least 1 ms, the step is at least a tenth of the mean gap, and more than 5 % of the gaps are zero:
    then gap statistics and counts in short windows are artefacts of the clock.
    """
    gaps = np.diff(times_ns)
    positive = gaps[gaps > 0]
    if positive.size < 2 or 1.0 - positive.size / gaps.size <= _MIN_ZERO_GAPS:
        return None
    floor = max(_MIN_STEP_NS, _MIN_STEP_TO_GAP * float(gaps.mean()))
    exact = int(np.gcd.reduce(positive))
    if exact >= floor:
        return exact
    candidate = float(np.quantile(positive, 0.1))
    steps = np.maximum(np.rint(positive / candidate), 1)
    on_grid = np.abs(positive / (steps * candidate) - 1) <= _JITTER
    if candidate < floor or on_grid.mean() < _MIN_ON_GRID:
        return None
    return int(np.rint(np.median(positive[on_grid] / steps[on_grid])))


@dataclass(slots=True)
class Spreader:
    """Spreads the requests of one timestamp evenly at random over the step that follows it.

    Requests keep their order, and none passes the next timestamp. The result depends on the seed and the
    rows, not on how they are cut into batches.
    """

    step_ns: int
    seed: int

    def spread(self, batches: Iterator[pl.DataFrame]) -> Iterator[pl.DataFrame]:
        """The batches with `time_ns` spread; the last timestamp of each is held back until it is whole."""
        random = np.random.default_rng(self.seed)
        held: pl.DataFrame | None = None
        for batch in batches:
            joined = batch if held is None else pl.concat([held, batch])
            if joined.height == 0:
                continue
            times = joined["time_ns"].to_numpy()
            cut = int(np.searchsorted(times, times[-1], side="left"))
            held = joined[cut:]
            if cut:
                yield self._spread_whole(joined[:cut], int(times[-1]), random)
        if held is not None and held.height:
            end = int(held["time_ns"][0]) + self.step_ns
            yield self._spread_whole(held, end, random)

    def _spread_whole(self, frame: pl.DataFrame, next_ns: int, random: np.random.Generator) -> pl.DataFrame:
        times = frame["time_ns"].to_numpy()
        starts = np.flatnonzero(np.diff(times, prepend=times[0] - 1))
        sizes = np.diff(starts, append=times.size)
        following = np.append(times[starts[1:]], next_ns)
        width = np.minimum(following - times[starts], self.step_ns)
        group = np.repeat(np.arange(starts.size), sizes)
        position = random.random(times.size)
        ordered = position[np.lexsort((position, group))]
        offset = np.floor(ordered * np.repeat(width, sizes)).astype(np.int64)
        return frame.with_columns(pl.Series("time_ns", times + offset))
