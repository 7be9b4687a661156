from __future__ import annotations

from pathlib import Path

import pytest

from acceltrial.traces import open_trace


@pytest.mark.parametrize("session", [True, False])
def test_both_releases(tmp_path: Path, session: bool) -> None:
    path = tmp_path / "t"
    names = "Timestamp,Session ID," if session else "Timestamp,"
    mid = "s1," if session else ""
    path.write_text(
        f"{names}Model,Request tokens,Response tokens,Total tokens,Log Type\n"
        f"5,{mid}ChatGPT,472,18,490,Conversation log\n45.5,{mid}GPT-4,1087,0,1087,API log\n"
    )
    trace = open_trace(path)
    frame = trace.collect()
    assert trace.facts.format == "burstgpt"
    assert frame["arrival_s"].to_list() == [0.0, 40.5]
    assert frame["output_tokens"].to_list() == [18, 0]
    assert frame["session"].to_list() == (["s1", "s1"] if session else [None, None])
    assert any("0 response tokens" in note for note in trace.facts.notes)


@pytest.mark.parametrize(
    ("times", "gap"),
    [
        (("5", "7"), 2.0),
        (("0.25", "1.75"), 1.5),
        (("19440110.0", "19440112.0"), 2.0),
        (("2023-03-01T10:00:00+08:00", "2023-03-01T10:00:03+08:00"), 3.0),
    ],
)
def test_other_columns_other_order_and_other_times(
    tmp_path: Path, times: tuple[str, str], gap: float
) -> None:
    path = tmp_path / "t.csv"
    rows = "".join(f"GPT-4,{30 + i},{time},x,{300 + i}\n" for i, time in enumerate(times))
    path.write_text("Model,Response tokens,Timestamp,Elapsed time,Request tokens\n" + rows)
    trace = open_trace(path, spread="never")
    frame = trace.collect()
    assert trace.facts.format == "burstgpt"
    assert frame["arrival_s"].to_list() == [0.0, gap]
    assert frame.select("input_tokens", "output_tokens").rows() == [(300, 30), (301, 31)]
