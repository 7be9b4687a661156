from __future__ import annotations

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from acceltrial.traces.spreading import Spreader, detect_step_ns

SECOND = 1_000_000_000


def _coarse(rate: float, step_s: float, n: int = 4000, seed: int = 0) -> np.ndarray:
    times = np.cumsum(np.random.default_rng(seed).exponential(1 / rate, n))
    return (times // step_s * step_s * SECOND).round().astype(np.int64)


def test_coarse_steps_are_found_and_fine_ones_are_not() -> None:
    assert detect_step_ns(_coarse(3, 3.0)) == 3 * SECOND
    assert detect_step_ns(_coarse(0.8, 1.0)) == SECOND
    assert detect_step_ns(_coarse(5, 1e-6)) is None
    assert detect_step_ns(_coarse(0.01, 1.0)) is None
    assert detect_step_ns(np.array([5, 5])) is None


def test_a_jittering_clock_still_has_a_step() -> None:
    times = _coarse(3, 3.0)
    jitter = {
        t: int(j) * 1_000_000 for t, j in zip(np.unique(times), np.arange(times.size) % 2, strict=False)
    }
    step = detect_step_ns(times + np.array([jitter[t] for t in times]))
    assert step is not None
    assert abs(step - 3 * SECOND) < 0.01 * SECOND


def test_bursts_of_simultaneous_requests_on_a_fine_clock_are_left_alone() -> None:
    random = np.random.default_rng(1)
    times = np.repeat(np.cumsum(random.integers(10_000_000, 900_000_000, 800)), 5)
    assert detect_step_ns(times) is None


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(0, 30), min_size=1, max_size=60), st.integers(1, 61), st.integers(0, 5))
def test_spreading_keeps_order_and_steps_and_does_not_depend_on_batches(
    steps: list[int], size: int, seed: int
) -> None:
    times = np.sort(np.array(steps)) * 3 * SECOND
    frame = pl.DataFrame({"row": np.arange(times.size), "time_ns": times})
    whole = pl.concat(Spreader(3 * SECOND, seed).spread(iter([frame])))
    parts = pl.concat(Spreader(3 * SECOND, seed).spread(frame.iter_slices(size)))
    assert whole.equals(parts)
    spread = whole["time_ns"].to_numpy()
    assert whole["row"].to_list() == list(range(times.size))
    assert (np.diff(spread) >= 0).all()
    assert (spread >= times).all()
    assert (spread < times + 3 * SECOND).all()


def test_spread_arrivals_look_poisson_inside_the_step() -> None:
    frame = pl.DataFrame({"time_ns": _coarse(50, 2.0)})
    spread = pl.concat(Spreader(2 * SECOND, 0).spread(iter([frame])))["time_ns"].to_numpy()
    gaps = np.diff(spread)
    assert 0.9 < gaps.std() / gaps.mean() < 1.1
