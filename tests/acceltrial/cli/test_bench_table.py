"""What a person reads."""

from __future__ import annotations

import pytest

from acceltrial.cli.bench_table import lines, quality_lines, show
from acceltrial.load import LoadPlan, Schedule, run_load


def test_everything_that_went_wrong_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    schedule = Schedule.open_loop("constant", rate_rps=100, requests=3, prompts=["x"] * 3)
    plan = LoadPlan(
        "http://127.0.0.1:9/v1", "completions", "[red]m", schedule, calibrate=False, slo="ttft_ms<=5"
    )
    summary = run_load(plan).summary
    summary["instrument"] |= {"valid": False, "reasons": ["late"]}
    summary["stationarity"] |= {"drifting": True, "reason": "grew"}
    summary["goodput"] = {"rate_rps": None, "reason": "never held", "trials": []}
    summary["target"] |= {"fields_left_out": {"ignore_eos": "HTTP 422"}, "end_ignored_by": []}
    summary["tokens"]["ended_early"] = 2
    text = "\n".join(lines(summary))
    for word in (
        "3 × connect_refused",
        "INVALID: late",
        "DRIFTING: grew",
        "never held",
        "met by 0.0%",
        "refuses it: ignore_eos",
        "nothing that it takes",
        "2 answers ended early",
    ):
        assert word in text
    show(summary)
    assert "INVALID" in capsys.readouterr().err


def test_lines_tell_why_there_is_no_rate_and_how_well_the_clocks_agree() -> None:
    summary = {
        "quality": {"success_rate": {"value": None, "n": 0, "reason": "not JSON"}},
        "scale_out": {"transport": "ray", "workers": [1, 2], "lost": 1, "common_clock_uncertainty_ms": 0.25},
    }
    assert quality_lines(summary) == [
        "quality: not JSON",
        "scale-out: 2 workers over ray, 1 lost; clocks agree within 0.250 ms",
    ]
    assert quality_lines({}) == []
