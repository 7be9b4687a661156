"""One pass over a trace: accumulators that stream, and merge over consecutive parts."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from typing import Final

import numpy as np
import polars as pl

from acceltrial.traces.statistics.histogram import TokenHistogram
from acceltrial.traces.statistics.summary import LengthStats, TraceStats, rate_variation
from acceltrial.traces.statistics.windows import WindowCounts

MAX_CLIENTS: Final = 200_000
"""Beyond this many clients their number is not told: the table would break the memory bound."""
_SHORT_SPAN_S: Final = 300.0
_DAY_S: Final = 23.5 * 3_600.0
"""A generated or recorded day ends a little before its last second."""
_HOUR_S: Final = 3_600.0


class TraceAccumulator:
    """Takes canonical batches in order of arrival; `result` may be asked at any time."""

    def __init__(self) -> None:
        self._rows = 0
        self._first = 0.0
        self._last = 0.0
        self._gap_squares = 0.0
        self._zero_gaps = 0
        self._longest = 0.0
        self._windows = {width: WindowCounts(width) for width in (1.0, 10.0, 60.0)}
        self._hours: Counter[int] = Counter()
        self._lengths = {"input_tokens": TokenHistogram(), "output_tokens": TokenHistogram()}
        self._prefix = [0, 0]
        self._turns = [0, 0]
        self._clients: Counter[str] | None = Counter()
        self._with_client = 0

    def add(self, batch: pl.DataFrame) -> None:
        """Takes in a batch with the canonical columns, none of its arrivals before the last batch's."""
        if batch.height == 0:
            return
        arrivals = batch["arrival_s"].to_numpy()
        self._add_gaps(arrivals)
        for windows in self._windows.values():
            windows.add(arrivals)
        hour, count = np.unique((arrivals // _HOUR_S).astype(np.int64), return_counts=True)
        self._hours.update(dict(zip(hour.tolist(), count.tolist(), strict=True)))
        for name, histogram in self._lengths.items():
            histogram.add(batch[name])
        self._add_sharing(batch)

    def merge(self, later: TraceAccumulator) -> None:
        """Takes in the part of the trace that follows, with arrivals on the same clock."""
        if later._rows == 0:
            return
        if self._rows:
            self._count_gaps(np.array([later._first - self._last]))
        else:
            self._first = later._first
        self._rows += later._rows
        self._last = later._last
        self._gap_squares += later._gap_squares
        self._zero_gaps += later._zero_gaps
        self._longest = max(self._longest, later._longest)
        for width, windows in self._windows.items():
            windows.merge(later._windows[width])
        self._hours.update(later._hours)
        for name, histogram in self._lengths.items():
            histogram.merge(later._lengths[name])
        self._prefix = [a + b for a, b in zip(self._prefix, later._prefix, strict=True)]
        self._turns = [a + b for a, b in zip(self._turns, later._turns, strict=True)]
        self._with_client += later._with_client
        self._add_clients(later._clients)

    def result(self) -> TraceStats:
        """The statistics of everything taken in so far."""
        span = self._last - self._first
        gaps = self._rows - 1
        peak_window = 60.0 if span >= _SHORT_SPAN_S else 1.0
        peak = self._windows[peak_window].quantile(span, 0.99)
        dispersion = {width: windows.dispersion(span) for width, windows in self._windows.items()}
        busiest, active = self._by_hour(span)
        top = max(self._clients.values()) if self._clients else None
        return TraceStats(
            rows=self._rows,
            span_s=span,
            rate_rps=gaps / span if gaps > 0 and span > 0 else None,
            peak_rate_rps=peak / peak_window if peak else None,
            peak_window_s=peak_window,
            gap_cv=self._gap_cv(gaps, span),
            zero_gap_share=self._zero_gaps / gaps if gaps > 0 else None,
            idc_1s=dispersion[1.0][0],
            idc_10s=dispersion[10.0][0],
            idc_60s=dispersion[60.0][0],
            rate_variation_1s=rate_variation(*dispersion[1.0]),
            rate_variation_10s=rate_variation(*dispersion[10.0]),
            rate_variation_60s=rate_variation(*dispersion[60.0]),
            windows_10s=int(span // 10),
            windows_60s=int(span // 60),
            input_tokens=_length_stats(self._lengths["input_tokens"]),
            output_tokens=_length_stats(self._lengths["output_tokens"]),
            prefix_share=self._prefix[0] / self._prefix[1] if self._prefix[1] else None,
            follow_up_share=self._turns[1] / sum(self._turns) if sum(self._turns) else None,
            sessions=self._turns[0] if sum(self._turns) else None,
            clients=len(self._clients) if self._clients else None,
            top_client_share=top / self._with_client if top else None,
            hourly_peak_to_mean=busiest,
            active_hours_share=active,
            longest_silence_s=self._longest if gaps > 0 else None,
        )

    def _add_gaps(self, arrivals: np.ndarray) -> None:
        if self._rows == 0:
            self._first = self._last = float(arrivals[0])
        self._rows += arrivals.size
        gaps = np.diff(arrivals)
        self._count_gaps(np.append(arrivals[0] - self._last, gaps) if self._rows > arrivals.size else gaps)
        self._last = float(arrivals[-1])

    def _count_gaps(self, gaps: np.ndarray) -> None:
        if gaps.size:
            self._gap_squares += float(np.dot(gaps, gaps))
            self._zero_gaps += int(np.count_nonzero(gaps == 0))
            self._longest = max(self._longest, float(gaps.max()))

    def _gap_cv(self, gaps: int, span: float) -> float | None:
        if gaps < 2 or span <= 0:
            return None
        mean = span / gaps
        variance = max(0.0, (self._gap_squares - gaps * mean * mean) / (gaps - 1))
        return math.sqrt(variance) / mean

    def _add_sharing(self, batch: pl.DataFrame) -> None:
        if batch["prefix_tokens"].null_count() < batch.height:
            known = batch.select("prefix_tokens", "input_tokens").drop_nulls()
            self._prefix[0] += int(known["prefix_tokens"].sum())
            self._prefix[1] += int(known["input_tokens"].sum())
        if batch["turn"].null_count() < batch.height:
            turns = batch["turn"].drop_nulls()
            first = int((turns == 0).sum())
            self._turns[0] += first
            self._turns[1] += turns.len() - first
        if batch["client"].null_count() < batch.height:
            counted = batch["client"].drop_nulls().value_counts()
            self._with_client += int(counted["count"].sum())
            self._add_clients(Counter(dict(counted.iter_rows())))

    def _add_clients(self, more: Counter[str] | None) -> None:
        if self._clients is None or more is None:
            self._clients = None
            return
        self._clients.update(more)
        if len(self._clients) > MAX_CLIENTS:
            self._clients = None

    def _by_hour(self, span: float) -> tuple[float | None, float | None]:
        """Busiest hour of the day against the mean, and the share of clock hours with any request."""
        if span < _DAY_S:
            return None, None
        hours = int(span // _HOUR_S)
        by_hour = np.zeros(24)
        days = np.array([hours // 24 + (1 if h < hours % 24 else 0) for h in range(24)])
        seen = days > 0
        for hour, count in self._hours.items():
            if hour < hours:
                by_hour[hour % 24] += count
        mean = by_hour.sum() / hours
        busiest = float((by_hour[seen] / days[seen]).max() / mean) if mean > 0 else None
        return busiest, sum(1 for hour in self._hours if hour < hours) / hours


def trace_stats(batches: Iterable[pl.DataFrame]) -> TraceStats:
    """Statistics of a trace from its canonical batches, in one pass."""
    accumulator = TraceAccumulator()
    for batch in batches:
        accumulator.add(batch)
    return accumulator.result()


def _length_stats(histogram: TokenHistogram) -> LengthStats:
    if histogram.n == 0:
        return LengthStats(0, histogram.missing, None, None, None, None, None)
    p50, p95, p99 = histogram.quantiles([0.5, 0.95, 0.99])
    mean = histogram.total / histogram.n
    return LengthStats(histogram.n, histogram.missing, mean, p50, p95, p99, histogram.maximum())
