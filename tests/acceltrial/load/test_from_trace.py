"""Schedules from traces."""

from __future__ import annotations

from pathlib import Path

import pytest

from acceltrial.errors import AcceltrialError
from acceltrial.load.from_trace import schedule_from_trace


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    path = tmp_path / "trace.csv"
    path.write_text("arrival_s,input_tokens,output_tokens\n0.0,10,5\n2.0,20,6\n4.0,30,7\n100.0,40,8\n")
    return path


def test_warp_limits_and_lengths(trace: Path) -> None:
    schedule = schedule_from_trace(trace, warp=2)
    assert schedule.intended_s.tolist() == [0.0, 1.0, 2.0, 50.0]
    assert schedule.input_tokens.tolist() == [10, 20, 30, 40]
    assert len(schedule_from_trace(trace, requests=2)) == 2
    assert len(schedule_from_trace(trace, warp=2, duration_s=2.0)) == 3


def test_azure(shared_data: Path) -> None:
    schedule = schedule_from_trace(shared_data / "traces" / "azure_llm_2023_conv.csv.gz", warp=20)
    assert len(schedule) == 19_366
    assert schedule.span_s == pytest.approx(58.4 * 60 / 20, rel=0.01)


def test_bad_traces(tmp_path: Path) -> None:
    empty = tmp_path / "empty.csv"
    empty.write_text("arrival_s,input_tokens,output_tokens\n")
    for path in (empty, tmp_path / "absent.csv"):
        with pytest.raises(AcceltrialError):
            schedule_from_trace(path)
