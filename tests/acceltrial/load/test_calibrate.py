"""What the calibration drives and how it counts errors."""

from __future__ import annotations

from array import array

import numpy as np
import pytest

from acceltrial.load import Schedule
from acceltrial.load.calibrate import (
    WINDOW_S,
    busiest_share,
    calibration_schedule,
    compare,
    events_per_s,
    reference_for,
)
from acceltrial.load.prompts import TokenRate
from acceltrial.load.reference import Answered
from acceltrial.load.run import Drive
from tests.acceltrial.load.test_latencies import frame


def test_the_busiest_window_is_taken() -> None:
    schedule = Schedule.steps("poisson", [(50, 5), (400, 3), (50, 5)], seed=1)
    found = calibration_schedule(schedule)
    assert found.span_s <= WINDOW_S
    assert len(found) / WINDOW_S == pytest.approx(400, rel=0.15)
    assert found.output_tokens.max() <= 24


def test_slow_schedules_are_played_faster_never_slower() -> None:
    found = calibration_schedule(Schedule.open_loop("constant", rate_rps=0.1, requests=7))
    assert len(found) >= 60
    assert found.span_s <= WINDOW_S


def test_closed_loops_keep_their_streams() -> None:
    found = calibration_schedule(Schedule.closed_loop(64, requests=10))
    assert found.concurrency == 64
    assert len(found) >= 64
    assert reference_for(found).itl_ms == 10.0
    assert reference_for(Schedule.closed_loop(1, requests=10)).itl_ms == 5.0


def driven(**row: object) -> Drive:
    stats = [
        {"loop_cpu_s": 0.5, "start_ns": 0, "ended_ns": 2_000_000_000},
        {"loop_cpu_s": 0.1, "start_ns": 0, "ended_ns": 1},
    ]
    return Drive(frame(row), [stats[0]], 0, 0.1, TokenRate())


def test_errors_are_client_minus_server() -> None:
    run = driven(
        sent_s=1.0, first_token_s=1.0203, last_s=1.03, ended_s=1.03, token_times_s=[1.0203, 1.0254], chunks=2
    )
    answered = [Answered("0", 5_000_000_000, (5_020_000_000, 5_025_000_000))]
    found = compare(run, answered, stream=True)
    assert found.ttft_error_ms.tolist() == pytest.approx([0.3])
    assert found.itl_error_ms.tolist() == pytest.approx([0.1])
    assert found.failed == 0
    assert found.summary()["ttft_error_ms"]["n"] == 1
    assert busiest_share(run) == 0.25
    assert events_per_s(run.records) == pytest.approx(2 / 1.03)
    # A request that the server does not know of says nothing.
    nothing = compare(run, [], stream=True)
    assert len(nothing.ttft_error_ms) == 0
    assert nothing.ttft_bias_ms is None


def test_whole_answers_have_an_end_to_end_error_only() -> None:
    run = driven(sent_s=1.0, last_s=1.021, ended_s=1.021, chunks=1)
    found = compare(run, [Answered("0", 0, (20_000_000,))], stream=False)
    assert found.ttft_error_ms.tolist() == pytest.approx([1.0])
    assert found.summary()["itl_error_ms"] is None
    assert np.array_equal(array("q"), [])
