"""Which runs count."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from acceltrial.load.bounds import Bounds
from acceltrial.load.calibrate import Calibration
from acceltrial.load.instrument import judge, send_lag_ms
from acceltrial.load.prompts import TokenRate
from acceltrial.load.run import Drive
from tests.acceltrial.load.test_latencies import frame

GOOD = {
    "ttft_error_ms": [0.1],
    "itl_error_ms": [0.05],
    "lag_ms": [0.1],
    "cpu_share": 0.1,
    "failed": 0,
    "events_per_s": 1e6,
}


def calibration(**changes: Any) -> Calibration:
    given = GOOD | changes
    return Calibration(
        np.array(given["ttft_error_ms"]), np.array(given["itl_error_ms"]), 0.1, np.array(given["lag_ms"]),
        given["cpu_share"], 100.0, given["events_per_s"], 100, given["failed"],
    )  # fmt: skip


def judged(lag_s: float = 0.0, loop_cpu_s: float = 0.1, ttft: float = 20.0, **changes: Any) -> dict[str, Any]:
    records = frame({"sent_s": lag_s, "ended_s": 1.0, "chunks": 100})
    stats = [{"loop_cpu_s": loop_cpu_s, "start_ns": 0, "ended_ns": 1_000_000_000}]
    run = Drive(records, stats, 0, 0.1, TokenRate())
    return judge(run, calibration(**changes), Bounds(), started_together=0, ttft_p50_ms=ttft, itl_p50_ms=5.0)


def test_good() -> None:
    found = judged()
    assert found["valid"]
    assert found["reasons"] == []


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"lag_s": 0.006}, "send lag"),
        ({"loop_cpu_s": 0.95}, "CPU"),
        ({"ttft_error_ms": [3.0]}, "TTFT error"),
        ({"itl_error_ms": [2.0]}, "ITL error"),
        ({"failed": 3}, "failed"),
        ({"events_per_s": 10.0}, "events/s"),
    ],
)
def test_each_bound_has_its_reason(changes: dict[str, Any], word: str) -> None:
    found = judged(**changes)
    assert not found["valid"]
    assert len(found["reasons"]) == 1
    assert word in found["reasons"][0]


def test_bounds_grow_with_what_is_measured() -> None:
    assert judged(lag_s=0.006, ttft=500.0)["valid"]
    assert judged(ttft_error_ms=[20.0], ttft=500.0)["valid"]


def test_uncalibrated_says_so() -> None:
    run = Drive(
        frame({"sent_s": 0.0, "ended_s": 1.0}),
        [{"loop_cpu_s": 0.1, "start_ns": 0, "ended_ns": 10**9}],
        0,
        0.1,
        TokenRate(),
    )
    found = judge(run, None, Bounds(), started_together=0, ttft_p50_ms=None, itl_p50_ms=None)
    assert found["valid"]
    assert found["ttft_error_ms"] is None
    assert found["notes"]


def test_the_common_start_of_streams_is_not_judged() -> None:
    run = Drive(
        frame({"sent_s": 0.5, "ended_s": 1.0}),
        [{"loop_cpu_s": 0.1, "start_ns": 0, "ended_ns": 10**9}],
        0,
        0.1,
        TokenRate(),
    )
    assert judge(run, None, Bounds(), started_together=1, ttft_p50_ms=None, itl_p50_ms=None)["valid"]
    assert send_lag_ms(run.records).tolist() == [500.0]
