"""Whether a run can be trusted: the instrument's error against its bounds."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import polars as pl

from acceltrial.load.bounds import Bounds
from acceltrial.load.calibrate import Calibration, busiest_share, events_per_s
from acceltrial.load.run import Drive

_BEYOND = 1.5
"""A run may be so many times as busy as the calibration before its errors no longer speak for it."""


def judge(
    driven: Drive,
    calibration: Calibration | None,
    bounds: Bounds,
    *,
    started_together: int,
    ttft_p50_ms: float | None,
    itl_p50_ms: float | None,
) -> dict[str, Any]:
    """`valid`, `reasons`, the errors, the bounds that held for this run, and the machine's state.

    Without calibration the errors are unknown and only the run's own lag and CPU are judged, which
    an uncalibrated run says under `notes`. The first `started_together` requests are the streams of a
    closed loop that all begin at once; their lag is no fault and is not judged.
    """
    lag = send_lag_ms(driven.records.filter(pl.col("index") >= started_together))
    lag_bound = max(bounds.lag_p99_ms, bounds.share * (ttft_p50_ms or 0.0))
    ttft_bound = max(bounds.ttft_p99_ms, bounds.share * (ttft_p50_ms or 0.0))
    itl_bound = max(bounds.itl_p99_ms, bounds.share * (itl_p50_ms or 0.0))
    cpu_share = busiest_share(driven)
    reasons: list[str] = []
    _check(reasons, "send lag p99 of the run", _p99(lag), lag_bound, "ms")
    _check(reasons, "client CPU share of one core", cpu_share, bounds.cpu_share, "")
    if calibration is not None:
        _check(reasons, "TTFT error p99 in calibration", _p99(calibration.ttft_error_ms), ttft_bound, "ms")
        _check(reasons, "ITL error p99 in calibration", _p99(calibration.itl_error_ms), itl_bound, "ms")
        ran, tried = events_per_s(driven.records), calibration.events_per_s
        if ran > _BEYOND * tried > 0:
            reasons.append(f"{ran:.0f} events/s came in; the instrument was measured at {tried:.0f} only")
        if calibration.failed:
            reasons.append(f"{calibration.failed} of {calibration.requests} calibration requests failed")
    found = calibration.summary() if calibration else {}
    return {
        "valid": not reasons,
        "reasons": reasons,
        "calibrated": calibration is not None,
        "ttft_error_ms": found.get("ttft_error_ms"),
        "itl_error_ms": found.get("itl_error_ms"),
        "calibration": found or None,
        "notes": [] if calibration else ["not calibrated: the errors of TTFT and ITL are not known"],
        "bounds": {
            "send_lag_p99_ms": lag_bound,
            "ttft_error_p99_ms": ttft_bound,
            "itl_error_p99_ms": itl_bound,
            "cpu_share": bounds.cpu_share,
        },
        "cpu_share": cpu_share,
        "load_average": list(os.getloadavg()),
    }


def send_lag_ms(records: pl.DataFrame) -> Any:
    """How late each request went out, whether or not it was answered."""
    sent = records.filter(pl.col("sent_s").is_not_null())
    return sent.select((pl.col("sent_s") - pl.col("intended_s")) * 1e3).to_series().to_numpy()


def _p99(values: Any) -> float | None:
    return float(np.quantile(values, 0.99)) if len(values) else None


def _check(reasons: list[str], what: str, value: float | None, bound: float, unit: str) -> None:
    if value is not None and value > bound:
        reasons.append(f"{what} is {value:.3g} {unit}".rstrip() + f", above {bound:.3g} {unit}".rstrip())
