"""The spine: every figure that a decision may rest on, measured or not."""

from __future__ import annotations

from typing import Annotated

import pandera.polars as pa
import polars as pl
from pandera.api.polars.types import PolarsData

from schemas.base import GRADES, NAME_PATTERN, Table
from schemas.inputs import Instant


class Measurements(Table):
    """One row a (workload, option, phase, metric, statistic).

    `metric` carries its unit (`ttft_ms`, `tokens_per_s`); `statistic` is p50, p95, p99, mean, total, rate
    or max, `c4` for a level of four streams, `mean_short` for a class of requests. An empty value has a
    reason; a value without an interval has one too.
    """

    workload: str
    option: str = pa.Field(str_matches=NAME_PATTERN)
    phase: str = pa.Field(isin=["synthetic", "replay", "stack", "training", "predicted"])
    metric: str
    statistic: str
    value: float = pa.Field(nullable=True)
    unit: str
    n: int = pa.Field(ge=0, nullable=True)
    low: float = pa.Field(nullable=True)
    high: float = pa.Field(nullable=True)
    interval_level: float = pa.Field(gt=0, lt=1, nullable=True)
    interval_method: str = pa.Field(nullable=True)
    grade: str = pa.Field(isin=GRADES)
    source: str
    date: Instant
    model: str
    """The model that the figure is of: never the workload's when another one was run."""
    precision: str
    adjustments: str
    """What was done to the input (thinning, length cuts, time compression); empty when nothing."""
    valid: bool
    """False when the instrument's error broke its bound: shown, never averaged in."""
    reason: str
    cell: str
    """The benchmark cell (or prediction) that produced the row."""
    run: str
    """Identifier of the run in the tracking server (tag `acceltrial.run`)."""

    @pa.dataframe_check(error="an empty value needs a reason; so does a value without interval")
    def unknown_has_a_reason(cls, data: PolarsData) -> pl.LazyFrame:  # noqa: N805
        """True where the row explains what it does not know."""
        known = pl.col("value").is_not_null() & pl.col("low").is_not_null() & pl.col("high").is_not_null()
        return data.lazyframe.select(known | (pl.col("reason").str.len_chars() > 0))

    @pa.dataframe_check(error="the interval must be ordered and its level and method named")
    def interval_is_whole(cls, data: PolarsData) -> pl.LazyFrame:  # noqa: N805
        """True where low ≤ high, both or neither given, with level and method."""
        both = pl.col("low").is_not_null() & pl.col("high").is_not_null()
        neither = pl.col("low").is_null() & pl.col("high").is_null()
        named = pl.col("interval_level").is_not_null() & pl.col("interval_method").is_not_null()
        return data.lazyframe.select(neither | (both & (pl.col("low") <= pl.col("high")) & named))


class RequestRecords(Table):
    """One row a request that the load engine planned, successful or not.

    Times in seconds on one monotonic clock that starts with the run; empty means that it did not happen.
    """

    cell: str
    index: pl.Int64
    intended_s: float = pa.Field(ge=0)
    sent_s: float = pa.Field(nullable=True)
    first_byte_s: float = pa.Field(nullable=True)
    first_token_s: float = pa.Field(nullable=True)
    last_s: float = pa.Field(nullable=True)
    token_times_s: Annotated[pl.List, pl.Float64] = pa.Field(nullable=True)
    status: int = pa.Field(nullable=True)
    error_class: str = pa.Field(nullable=True)
    input_tokens: int = pa.Field(ge=0, nullable=True)
    output_tokens: int = pa.Field(ge=0, nullable=True)
    bytes_received: int = pa.Field(ge=0)
    connection_reused: bool = pa.Field(nullable=True)
    correct: bool = pa.Field(nullable=True)
    """Whether the answer met the task's check; empty when the request had no checkable answer."""


class Telemetry(Table):
    """One reading of a device, a process or the server's own metrics while a cell ran."""

    cell: str
    source: str
    """`server` (its process tree), `server_metrics`, `cpu`, `gpu0`, …"""
    metric: str
    unit: str
    at_s: float = pa.Field(ge=0)
    """Seconds from the start of the cell's schedule."""
    value: float


class BenchmarkCells(Table):
    """One row a cell of the benchmark: when it ran, on what, and how it ended."""

    cell: str = pa.Field(unique=True)
    workload: str
    option: str
    phase: str
    status: str = pa.Field(isin=["measured", "predicted", "failed", "unavailable", "invalid"])
    started: Instant
    finished: Instant
    machine: str
    detail: str
    run: str


class PredictionLedger(Table):
    """Predictions beside the later measurements of the same thing, of this and all earlier evaluations."""

    workload: str
    option: str
    model: str
    precision: str
    metric: str
    statistic: str
    conditions: str
    """What was done to the input."""
    family: str
    predicted: float
    low: float
    high: float
    widened: float = pa.Field(gt=0)
    """The factor that the family's record had put on the interval's logarithmic half-widths."""
    measured: float
    error_share: float
    """(predicted - measured) ÷ measured."""
    covered: bool
    predictor: str
    """Where the prediction comes from, with the digest of what was fitted."""
    predicted_on: Instant
    measured_on: Instant
    run: str
    """That measured."""
