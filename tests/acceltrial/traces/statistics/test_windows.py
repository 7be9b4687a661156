from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acceltrial.traces.statistics.windows import WindowCounts

ARRIVALS = st.lists(st.floats(0, 200), min_size=1, max_size=80).map(sorted)


@settings(deadline=None, max_examples=40)
@given(ARRIVALS, st.lists(st.integers(0, 80), max_size=4))
def test_batches_and_merging_do_not_matter(times: list[float], cuts: list[int]) -> None:
    arrivals = np.array(times)
    whole = WindowCounts(10.0)
    whole.add(arrivals)
    merged = WindowCounts(10.0)
    streamed = WindowCounts(10.0)
    bounds = [0, *sorted(min(c, len(times)) for c in cuts), len(times)]
    for a, b in pairwise(bounds):
        part = WindowCounts(10.0)
        part.add(arrivals[a:b])
        merged.merge(part)
        streamed.add(arrivals[a:b])
    expected = np.bincount((arrivals // 10).astype(int), minlength=20)[:20]
    for counts in (whole, merged, streamed):
        values, n = counts.counts(200.0)
        assert dict(zip(values.tolist(), n.tolist(), strict=True)) == {
            v: int((expected == v).sum()) for v in np.unique(expected).tolist()
        }


def test_dispersion_is_variance_over_mean_of_whole_windows() -> None:
    counts = np.array([3, 0, 5, 1, 2, 4])
    arrivals = np.concatenate([i + np.linspace(0, 0.9, n) for i, n in enumerate(counts)])
    windows = WindowCounts(1.0)
    windows.add(arrivals)
    idc, mean = windows.dispersion(6.0)
    assert mean == pytest.approx(2.5)
    assert idc == pytest.approx(counts.var(ddof=1) / counts.mean())


def test_a_long_silence_costs_nothing() -> None:
    windows = WindowCounts(1.0)
    windows.add(np.array([0.0, 6e8]))
    idc, _ = windows.dispersion(6e8)
    assert idc == pytest.approx(1.0, abs=0.01)


def test_too_few_windows_tell_nothing() -> None:
    windows = WindowCounts(60.0)
    windows.add(np.array([0.0, 100.0]))
    assert windows.dispersion(100.0) == (None, None)
