from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acceltrial.traces.statistics.histogram import TokenHistogram


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(0, 300_000), min_size=1, max_size=60), st.integers(0, 60))
def test_quantiles_are_numpys_however_the_data_comes(values: list[int], cut: int) -> None:
    first, second = TokenHistogram(), TokenHistogram()
    first.add(pl.Series(values[:cut], dtype=pl.Int32))
    second.add(pl.Series(values[cut:], dtype=pl.Int32))
    first.merge(second)
    got = first.quantiles([0.5, 0.95, 0.99])
    assert got == pytest.approx(np.quantile(values, [0.5, 0.95, 0.99]))
    assert first.maximum() == max(values)
    assert first.total == sum(values)


def test_missing_is_counted_and_is_not_zero() -> None:
    histogram = TokenHistogram()
    histogram.add(pl.Series([None, None], dtype=pl.Int32))
    assert (histogram.n, histogram.missing, histogram.quantiles([0.5]), histogram.maximum()) == (
        0,
        2,
        [],
        None,
    )
