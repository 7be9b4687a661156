"""What is told of a trace."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class LengthStats:
    """Tokens of prompts or answers; None where no request gave a length."""

    n: int
    missing: int
    mean: float | None
    p50: float | None
    p95: float | None
    p99: float | None
    maximum: int | None


@dataclass(frozen=True, slots=True)
class TraceStats:
    """Statistics of a whole trace. None means that the trace is too short or does not say.

    Attributes:
        rate_rps: (requests - 1) / span, the inverse of the mean gap.
        peak_rate_rps: rate of the one-minute window that 99 % of the windows do not exceed (one-second
            windows where the span is under five minutes).
        gap_cv: standard deviation / mean of the gaps between arrivals; 1 for a Poisson process.
        idc_1s: variance / mean of the counts in one-second windows; 1 for a Poisson process. It grows with
            the rate: a trace thinned to a share p has 1 + p (idc - 1).
        rate_variation_10s: relative standard deviation of the request *rate* itself between windows, after
            the noise of a Poisson process is taken off: √((idc − 1) / mean count). It does not change when a
            trace is thinned, so traces of any volume compare.
        prefix_share: share of the prompt tokens that repeat an earlier prompt's start.
        follow_up_share: share of the requests that continue a session.
        hourly_peak_to_mean: busiest hour of the day against the mean hour, for spans of a day and more.
        active_hours_share: share of the clock hours in which any request came.
        longest_silence_s: the longest gap.
    """

    rows: int
    span_s: float
    rate_rps: float | None
    peak_rate_rps: float | None
    peak_window_s: float
    gap_cv: float | None
    zero_gap_share: float | None
    idc_1s: float | None
    idc_10s: float | None
    idc_60s: float | None
    rate_variation_1s: float | None
    rate_variation_10s: float | None
    rate_variation_60s: float | None
    windows_10s: int
    windows_60s: int
    input_tokens: LengthStats
    output_tokens: LengthStats
    prefix_share: float | None
    follow_up_share: float | None
    sessions: int | None
    clients: int | None
    top_client_share: float | None
    hourly_peak_to_mean: float | None
    active_hours_share: float | None
    longest_silence_s: float | None

    def as_dict(self) -> dict[str, Any]:
        """A JSON-able dictionary."""
        return asdict(self)


def littles_law(rate_rps: float | None, latency_s: float | None) -> float | None:
    """Mean number of requests in the system: arrival rate × time in it (Little 1961); None when either is."""
    if rate_rps is None or latency_s is None:
        return None
    return rate_rps * latency_s


def rate_variation(idc: float | None, mean_count: float | None) -> float | None:
    """Relative standard deviation of the rate between windows: √(max(0, idc − 1) / mean count)."""
    if idc is None or not mean_count:
        return None
    return math.sqrt(max(0.0, idc - 1.0) / mean_count)
