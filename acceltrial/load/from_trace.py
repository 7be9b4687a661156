"""A schedule from a recorded trace, in any format that `acceltrial.traces` reads."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl

from acceltrial.errors import DataContractError
from acceltrial.load.lengths import Lengths
from acceltrial.load.schedule import Schedule
from acceltrial.traces import open_trace

_MOST = 5_000_000


def schedule_from_trace(
    path: Path,
    *,
    warp: float = 1.0,
    requests: int | None = None,
    duration_s: float | None = None,
    input_tokens: str = "128",
    output_tokens: str = "128",
    seed: int = 0,
) -> Schedule:
    """The trace's arrivals and lengths; `warp` 20 plays it twenty times as fast.

    Args:
        path: the trace; its format is told by content.
        warp: how many times as fast.
        requests: keep the first so many.
        duration_s: keep what falls into so many seconds of the replay (after warping).
        input_tokens: drawn where the trace does not state a prompt's length.
        output_tokens: drawn where the trace does not state an output's length.
        seed: of what is drawn and of spreading coarse timestamps.

    Raises:
        DataContractError: the trace is malformed or holds no request.
        ConfigurationError: a warp or a length out of range.
    """
    limit = min(requests or _MOST, _MOST)
    until_s = duration_s * warp if duration_s else float("inf")
    frame = _read(path, limit, until_s, seed)
    if not frame.height:
        raise DataContractError("the trace holds no request", where=str(path), remedy="check the file")
    generator = np.random.default_rng([seed, 6])
    schedule = Schedule.from_arrivals(
        frame["arrival_s"].to_numpy(),
        input_tokens=_filled(frame["input_tokens"], input_tokens, generator),
        output_tokens=_filled(frame["output_tokens"], output_tokens, generator),
        warp=warp,
        seed=seed,
        source=f"trace {path.name}" + (f" at {warp:g} times its speed" if warp != 1 else ""),
    )
    if frame["session"].null_count():
        return schedule
    number = frame["session"].rank("dense").to_numpy().astype(np.int64) - 1
    turn = frame["turn"].fill_null(-1).to_numpy().astype(np.int64)
    return replace(schedule, session=number, turn=turn)


def _read(path: Path, limit: int, until_s: float, seed: int) -> pl.DataFrame:
    frames, rows = [], 0
    for batch in open_trace(path, seed=seed):
        part = batch.filter(pl.col("arrival_s") <= until_s).head(limit - rows)
        frames.append(part)
        rows += part.height
        if part.height < batch.height:
            break
    return pl.concat(frames) if frames else pl.DataFrame(schema={"arrival_s": pl.Float64})


def _filled(column: pl.Series, lengths: str, generator: np.random.Generator) -> np.ndarray:
    drawn = Lengths.parse(lengths).draw(len(column), generator)
    known = column.is_not_null().to_numpy()
    return np.maximum(1, np.where(known, column.fill_null(1).to_numpy(), drawn)).astype(np.int64)
