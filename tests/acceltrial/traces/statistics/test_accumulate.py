from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from acceltrial.traces import CANONICAL, trace_stats
from acceltrial.traces.statistics import TraceAccumulator


def _frame(times: np.ndarray, **columns: object) -> pl.DataFrame:
    frame = pl.DataFrame({"arrival_s": times, **columns})
    empty = [pl.lit(None).alias(n) for n in CANONICAL if n not in frame.columns]
    return frame.with_columns(empty).select(pl.col(n).cast(t) for n, t in CANONICAL.items())


def _poisson(rate: float, n: int, seed: int = 0) -> pl.DataFrame:
    random = np.random.default_rng(seed)
    return _frame(
        np.cumsum(random.exponential(1 / rate, n)),
        input_tokens=random.integers(1, 5000, n), output_tokens=random.integers(1, 500, n),
        client=[f"c{i % 7}" for i in range(n)], turn=[i % 3 for i in range(n)],
        prefix_tokens=random.integers(0, 2, n),
    )  # fmt: skip


def test_a_poisson_process_has_ones() -> None:
    stats = trace_stats([_poisson(20, 40_000)])
    assert stats.rate_rps == pytest.approx(20, rel=0.02)
    assert stats.gap_cv == pytest.approx(1, abs=0.03)
    for idc in (stats.idc_1s, stats.idc_10s, stats.idc_60s):
        assert idc == pytest.approx(1, abs=0.45)
    assert stats.clients == 7
    assert stats.follow_up_share == pytest.approx(2 / 3, abs=0.01)


def test_streaming_and_merging_give_the_same_figures() -> None:
    frame = _poisson(3, 5000)
    whole = trace_stats([frame])
    streamed = trace_stats(frame.iter_slices(311))
    parts = [TraceAccumulator() for _ in range(3)]
    for part, (a, b) in zip(parts, [(0, 1700), (1700, 1701), (1701, 5000)], strict=True):
        part.add(frame[a:b])
    total = TraceAccumulator()
    for part in parts:
        total.merge(part)
    for other in (streamed.as_dict(), total.result().as_dict()):
        for name, value in whole.as_dict().items():
            assert other[name] == (pytest.approx(value) if isinstance(value, float) else value), name


def test_the_day_shows_in_the_busiest_hour() -> None:
    hours = np.repeat(np.arange(48), [10 if 8 <= h % 24 < 18 else 1 for h in range(48)])
    stats = trace_stats([_frame(np.append(np.sort(hours * 3600.0 + 1), 48 * 3600.0 + 1))])
    assert stats.hourly_peak_to_mean == pytest.approx(10 / (114 / 24), rel=0.01)
    assert stats.active_hours_share == 1.0


@pytest.mark.parametrize("times", [[], [5.0], [5.0, 5.0]])
def test_too_little_tells_nothing_rather_than_zero(times: list[float]) -> None:
    frame = _frame(np.array(times))
    stats = trace_stats([frame])
    assert stats.rows == len(times)
    assert stats.rate_rps is None
    assert stats.gap_cv is None
    assert stats.peak_rate_rps is None
    assert stats.input_tokens.p50 is None


def test_too_many_clients_are_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("acceltrial.traces.statistics.accumulate.MAX_CLIENTS", 3)
    assert trace_stats([_poisson(3, 100)]).clients is None
