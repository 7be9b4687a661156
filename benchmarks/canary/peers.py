"""What others' rules would have done with the same streams: our own implementations, looked at every minute.

Each rule says after which minute it first rolls back, or None.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from acceltrial.canary.records import Floats, Records

Rule = Callable[["ByMinute"], int | None]
LEAST_MINUTES = 10
"""Kayenta needs enough points of a time series; with fewer than ten its test makes no sense."""
FAILED_CHECKS = 5
_Z_98 = 2.326
_Z_PEEK = 3.291  # 0.1 % two-sided: already strict, for a test meant to be used once


@dataclass(frozen=True)
class ByMinute:
    """Each arm's figures by minute, the baseline's first; NaN where an arm had no requests."""

    n: Floats
    failures: Floats
    p99_ms: Floats
    sum_ms: Floats
    sum_ms2: Floats


def by_minute(records: Records, minutes: int) -> ByMinute:
    """The figures that a metrics system would keep of `records`."""
    look, arm = records.looks(60.0), records.canary.astype(np.int64)
    cell, size = look * 2 + arm, minutes * 2
    latency = records.column("latency_ms")

    def total(weights: Floats | None = None) -> Floats:
        return np.bincount(cell, weights, minlength=size)[:size].reshape(minutes, 2).astype(np.float64)

    n = total()
    within = 0.5 * latency / max(float(latency.max(initial=0.0)), 1e-9)
    order = np.argsort(cell + within)
    ends = np.cumsum(n.ravel()).astype(np.int64)
    place = ends - n.ravel() + np.ceil(0.99 * n.ravel()) - 1
    found = latency[order][np.clip(place, 0, len(latency) - 1).astype(np.int64)]
    p99 = np.where(n > 0, found.reshape(minutes, 2), np.nan)
    return ByMinute(n, total((~records.ok).astype(float)), p99, total(latency), total(latency**2))


def kayenta(seen: ByMinute) -> int | None:
    """Netflix' judge on p99 by minute and on the error rate by minute (MannWhitneyClassifier of Kayenta).

    A metric is high when the lower end of the 98 % interval of the Hodges–Lehmann shift exceeds a quarter of
    the estimated shift.
    """
    with np.errstate(invalid="ignore"):
        rates = seen.failures / seen.n
    for minute in range(LEAST_MINUTES, len(seen.n) + 1):
        if any(_high(series[:minute, 1], series[:minute, 0]) for series in (seen.p99_ms, rates)):
            return minute
    return None


def _high(canary: Floats, baseline: Floats) -> bool:
    x, y = canary[~np.isnan(canary)], baseline[~np.isnan(baseline)]
    m, n = len(x), len(y)
    if not m or not n:
        return False
    differences = np.sort(np.subtract.outer(x, y), axis=None)
    spread = np.sqrt(m * n * (m + n + 1) / 12)
    rank = max(int(np.floor(m * n / 2 - _Z_98 * spread)), 0)
    return bool(differences[rank] > 0.25 * abs(float(np.median(differences))))


def threshold(seen: ByMinute) -> int | None:
    """Argo Rollouts' and Flagger's way: a check a minute; five failed checks are one too many.

    A check fails when fewer than 99 % of the canary's requests succeed (Flagger's default), or when its p99
    is more than a fifth above the baseline's.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        failed = (seen.failures[:, 1] / seen.n[:, 1] > 0.01) | (seen.p99_ms[:, 1] / seen.p99_ms[:, 0] > 1.2)
    return next((i + 1 for i, bad in enumerate(np.cumsum(failed)) if bad >= FAILED_CHECKS), None)


def peeking_z(seen: ByMinute) -> int | None:
    """A z-test of the mean latency and one of the failure rate on all so far, repeated every minute."""
    n, k = np.cumsum(seen.n, axis=0), np.cumsum(seen.failures, axis=0)
    mean = np.cumsum(seen.sum_ms, axis=0) / np.maximum(n, 1)
    variance = np.cumsum(seen.sum_ms2, axis=0) / np.maximum(n, 1) - mean**2
    pooled = k.sum(axis=1) / np.maximum(n.sum(axis=1), 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        latency = (mean[:, 1] - mean[:, 0]) / np.sqrt((variance / n).sum(axis=1))
        failures = (k[:, 1] / n[:, 1] - k[:, 0] / n[:, 0]) / np.sqrt(
            pooled * (1 - pooled) * (1 / n).sum(axis=1)
        )
    over = np.flatnonzero((np.fmax(latency, failures) > _Z_PEEK) & (n.min(axis=1) > 0))
    return int(over[0]) + 1 if len(over) else None


PEERS: dict[str, Rule] = {"Kayenta": kayenta, "threshold": threshold, "peeking z": peeking_z}
