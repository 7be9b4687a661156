from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acceltrial.errors import DataContractError
from stages.benchmark.thinning import Cut, read_requests, window_of


def trace(count: int, rate: float, seed: int = 0, clients: int = 50) -> pl.DataFrame:
    draw = np.random.default_rng(seed)
    return pl.DataFrame(
        {
            "index": np.arange(count),
            "arrival_s": np.cumsum(draw.exponential(1 / rate, count)),
            "input_tokens": draw.integers(1, 2000, count),
            "output_tokens": draw.integers(1, 400, count),
            "client": [f"c{n}" for n in draw.integers(0, clients, count)],
            "session": [None] * count,
        },
        schema_overrides={"session": pl.String},
    )


def cut(**changes: Any) -> Cut:
    values = {
        "seconds": 20.0,
        "most_rps": 1.0,
        "least_requests": 5,
        "longest_s": 60.0,
        "max_input_tokens": 256,
        "max_output_tokens": 48,
    }
    return Cut(**{**values, "seed": 1, **changes})


def test_a_fast_trace_is_thinned_by_whole_clients_and_every_change_is_told() -> None:
    requests = trace(20_000, 50.0, clients=3000)
    window = window_of(requests, cut())
    assert "by client" in window.adjustments
    assert "prompts cut to 256 tokens (" in window.adjustments
    assert "outputs cut to 48 tokens (" in window.adjustments
    assert max(window.input_tokens) == 256
    assert 8 <= len(window) <= 40


def test_a_slow_trace_is_compressed_no_further_than_needed() -> None:
    window = window_of(trace(400, 0.05), cut(least_requests=10))
    assert "time compressed" in window.adjustments
    assert 5 <= len(window) <= 20
    assert window.arrival_s[-1] <= 20.0


def test_what_a_target_cannot_bear_faster_takes_a_longer_window_not_a_busier_one() -> None:
    burst = trace(400, 40.0).with_columns(pl.col("arrival_s") + 5000.0)
    requests = pl.concat([trace(4000, 1.0), burst])
    window = window_of(requests, cut(most_rps=0.25, least_requests=12))
    assert window.seconds == pytest.approx(48.0, rel=0.35)
    assert 8 <= len(window) <= 15
    assert len(window_of(requests, cut(most_rps=0.05, least_requests=12))) <= 5


def test_a_trace_that_fits_is_left_alone() -> None:
    requests = trace(10, 1.0).with_columns(pl.lit(50).alias("input_tokens"), pl.lit(5).alias("output_tokens"))
    window = window_of(requests, cut(seconds=1000.0, most_rps=100.0, least_requests=1))
    assert window.adjustments == ""
    assert len(window) == 10


def test_unknown_lengths_are_filled_and_told() -> None:
    requests = trace(100, 1.0).with_columns(pl.lit(None, dtype=pl.Int64).alias("output_tokens"))
    window = window_of(requests, cut())
    assert "outputs of unknown length set to 16 tokens (100% of requests)" in window.adjustments
    assert set(window.output_tokens) == {16}


def test_answers_without_tokens_are_not_spoken_of() -> None:
    requests = trace(100, 1.0).with_columns(pl.lit(None, dtype=pl.Int64).alias("output_tokens"))
    window = window_of(requests, cut(generates=False))
    assert "outputs" not in window.adjustments
    assert set(window.output_tokens) == {1}


def test_remote_targets_get_the_lengths_of_the_trace() -> None:
    window = window_of(trace(100, 1.0), cut(max_input_tokens=None, max_output_tokens=None))
    assert max(window.input_tokens) > 256
    assert "cut" not in window.adjustments


@settings(max_examples=40, deadline=None)
@given(
    count=st.integers(1, 400),
    rate=st.floats(0.01, 200),
    most=st.floats(0.05, 50),
    seconds=st.floats(1, 60),
    seed=st.integers(0, 99),
)
def test_the_window_is_ordered_within_its_length_and_never_empty(
    count: int, rate: float, most: float, seconds: float, seed: int
) -> None:
    requests = trace(count, rate, seed)
    window = window_of(requests, cut(most_rps=most, seconds=seconds, seed=seed))
    times = np.array(window.arrival_s)
    assert len(window) == len(window.input_tokens) == len(window.output_tokens) >= 1
    assert times[0] == 0
    assert times[-1] <= window.seconds <= max(60.0, seconds, times[-1])
    assert (np.diff(times) >= 0).all()
    assert min(window.input_tokens) >= 1
    assert max(window.output_tokens) <= 48
    assert window == window_of(requests, cut(most_rps=most, seconds=seconds, seed=seed))


def test_a_workload_without_requests_is_named(tmp_path: Path) -> None:
    trace(3, 1.0).with_columns(pl.lit("a").alias("workload")).write_parquet(tmp_path / "r.parquet")
    assert read_requests(tmp_path / "r.parquet", "a").height == 3
    with pytest.raises(DataContractError, match="no request"):
        read_requests(tmp_path / "r.parquet", "b")
