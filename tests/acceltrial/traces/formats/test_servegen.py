from __future__ import annotations

from pathlib import Path

import pytest

from acceltrial.errors import DataContractError
from acceltrial.traces import open_trace, trace_stats

HEADER = "client,window_start_s,rate_rps,interarrival_cv,distribution,param1,param2\n"


def test_rates_are_drawn_into_requests_with_lengths(tmp_path: Path) -> None:
    rates = tmp_path / "x_rates.csv"
    kinds = ((0, 1.5, "Gamma"), (1, 0.8, "Weibull"))
    rows = [f"{c},{w},2.0,{cv},{d},1,1\n" for w in (0, 600, 1200) for c, cv, d in kinds]
    rates.write_text(HEADER + "".join(rows) + "1,1800,0,0,,0,0\n")
    names = [
        f"{p}_{q}" for p in ("text_tokens", "image_tokens", "output_tokens") for q in ("p50", "p95", "p99")
    ]
    (tmp_path / "x_lengths.csv").write_text(
        "client,window_start_s,"
        + ",".join(names)
        + "\n"
        + "".join(f"{c},0,100,200,300,0,0,0,10,20,30\n" for c in (0, 1))
    )
    trace = open_trace(rates, seed=4)
    stats = trace_stats(trace)
    assert trace.facts.origin == "generated"
    assert stats.rows == pytest.approx(7200, rel=0.08)
    assert stats.clients == 2
    assert stats.input_tokens.p50 == pytest.approx(100, rel=0.1)
    assert stats.output_tokens.p95 == pytest.approx(20, rel=0.1)
    assert trace_stats(open_trace(rates, seed=4)) == stats


@pytest.mark.parametrize("rate", ["-1", "nan", "inf", "x", "1e9", ""])
def test_a_bad_rate_is_named(tmp_path: Path, rate: str) -> None:
    path = tmp_path / "r.csv"
    path.write_text(HEADER + f"0,0,{rate},1,Gamma,1,1\n")
    with pytest.raises(DataContractError) as caught:
        open_trace(path).collect()
    assert "rate_rps" in caught.value.where


def test_an_idle_window_is_empty_and_does_not_make_the_one_before_it_longer(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text("rate_rps,window_start_s,client,note\n5,0,a,x\n0,600,a,x\n5,1200,a,x\n5,3000,a,x\n")
    trace = open_trace(path, seed=1)
    frame = trace.collect()
    assert frame.height == pytest.approx(9_000, rel=0.05)
    times = frame["arrival_s"]
    assert times.is_between(610, 1190).sum() == times.is_between(1810, 2990).sum() == 0
    assert times.is_between(1200, 1800).sum() == pytest.approx(3_000, rel=0.1)
    assert any("CV of 1" in note for note in trace.facts.notes)


def test_a_published_file_is_one_client(tmp_path: Path) -> None:
    path = tmp_path / "chunk-7-trace.csv"
    path.write_text("0,2.0,1.5,Gamma,1,1\n600,0,0,,0,0\n1200,2.0,0.9,Weibull,1,1\n1800,1.0,1.0,Pareto,1,1\n")
    (tmp_path / "chunk-7-dataset.json").write_text(
        '{"0": {"input_tokens": "{100: 0.5, 200: 0.5}", "output_tokens": "{9: 1.0}"}}'
    )
    trace = open_trace(path, seed=3)
    frame = trace.collect()
    assert trace.facts.format == "servegen"
    assert set(frame["client"]) == {"7"}
    assert frame.height == pytest.approx(3_000, rel=0.1)
    assert frame["output_tokens"].to_list().count(9) > 0.9 * frame.height
    assert any("pareto" in note for note in trace.facts.notes)


def test_one_window_has_no_width(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text("client,window_start_s,rate_rps\na,0,1\n")
    with pytest.raises(DataContractError, match="fewer than two windows"):
        open_trace(path).collect()
