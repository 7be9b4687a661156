"""The summary counts every planned request once and lets no failure into a latency."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from acceltrial.load import LoadPlan, Schedule
from acceltrial.load.prompts import TokenRate
from acceltrial.load.run import Drive
from acceltrial.load.summary import summarise
from tests.acceltrial.load.test_latencies import GOOD, frame

STATS: dict[str, Any] = {
    "start_ns": 0, "ended_ns": 10**9, "loop_cpu_s": 0.1, "cpu_s": 0.2, "peak_rss_mb": 20.0, "opened": 2,
    "reads": 10, "kernel_stamps": 5, "precedence": "ordinary", "idle_states": "polling", "stolen_s": 0.0,
}  # fmt: skip


def summary(*rows: dict[str, Any], slo: str | None = None) -> dict[str, Any]:
    schedule = Schedule(np.arange(len(rows)) * 0.1, np.ones(len(rows), int), np.ones(len(rows), int), "test")
    plan = LoadPlan("http://h/v1", "completions", "m", schedule, calibrate=False, slo=slo)
    return summarise(plan, Drive(frame(*rows), [STATS], 0, 0.5, TokenRate()), None)


def test_failures_count_and_do_not_shape_latency() -> None:
    bad = {"error_class": "reset", "first_token_s": 99.0, "last_s": 99.0, "ended_s": 99.0, "notes": "a; b"}
    found = summary(GOOD, GOOD, bad, bad | {"error_class": "http_500"}, slo="ttft_ms<=250")
    assert found["requests"]["planned"] == 4
    assert (found["requests"]["completed"], found["requests"]["failed"]) == (2, 2)
    assert found["errors"] == {"http_500": 1, "reset": 1}
    assert found["ttft_ms"]["max"] == pytest.approx(200)
    assert found["slo"]["attainment"] == 0.5
    assert found["notes"] == {"a": 2, "b": 2}
    assert found["client"]["kernel_stamped_reads"] == 0.5
    assert found["connections"]["opened"] == 2


def test_nothing_answered_is_unknown_not_zero() -> None:
    found = summary({"error_class": "connect_refused", "sent_s": None, "ended_s": 0.1}, slo="e2e_ms<=5")
    for name in ("ttft_ms", "itl_ms", "tpot_ms", "e2e_ms"):
        assert found[name]["p50"] is None
        assert found[name]["n"] == 0
    assert found["rate"]["achieved_rps"] is None
    assert found["tokens"]["output_tokens_per_s"] is None
    assert found["slo"]["attainment"] == 0.0
    assert found["requests"]["failure_rate"] == 1.0
