"""Tables with usual column names."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from acceltrial.errors import ConfigurationError, DataContractError
from acceltrial.traces import open_trace
from acceltrial.traces.formats.named import guessed


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("times", "span"),
    [
        (("0.5", "3.25"), 2.75),
        (("1761004800", "1761004803"), 3.0),
        (("1761004800123", "1761004803123"), 3.0),
        (("1761004800000000000", "1761004803000000000"), 3.0),
        (("2026-03-29T01:59:59+01:00", "2026-03-29T03:00:02+02:00"), 3.0),
    ],
)
def test_the_unit_is_told_by_the_cells(tmp_path: Path, times: tuple[str, str], span: float) -> None:
    text = "created_at;Prompt Tokens;completionTokens\n" + "".join(f"{time};7;9\n" for time in times)
    trace = open_trace(write(tmp_path / "t.csv", text))
    frame = trace.collect()
    assert frame["arrival_s"][-1] == pytest.approx(span, abs=1e-6)
    assert frame.select("input_tokens", "output_tokens").rows() == [(7, 9)] * 2
    assert "input_tokens from 'Prompt Tokens'" in trace.facts.notes[0]


def test_other_containers(tmp_path: Path) -> None:
    lines = '{"arrived_at":0.1,"num_prefill_tokens":3,"num_decode_tokens":1}\n' * 2
    assert open_trace(write(tmp_path / "t.jsonl", lines)).collect()["input_tokens"].to_list() == [3, 3]
    start = datetime(2026, 1, 1, tzinfo=UTC)
    table = pl.DataFrame(
        {"time": [start, start + timedelta(seconds=4)], "prompt_len": [1, 2], "user_id": [8, 9]}
    )
    table.write_parquet(tmp_path / "t.parquet")
    frame = open_trace(tmp_path / "t.parquet").collect()
    assert frame["arrival_s"].to_list() == [0.0, 4.0]
    assert frame["client"].to_list() == ["8", "9"]


def test_an_unclear_unit_is_not_guessed(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", "timestamp,input_tokens\n0,5\n1500,6\n")
    with pytest.raises(ConfigurationError, match="does not tell its time unit") as caught:
        open_trace(path).collect()
    assert "arrival=timestamp,input_tokens=input_tokens,time_unit=s" in str(caught.value.remedy)
    told = write(tmp_path / "u.csv", "timestamp_ms,input_tokens\n0,5\n1500,6\n")
    assert open_trace(told).collect()["arrival_s"].to_list() == [0.0, 1.5]


def test_unusual_names_are_no_guess(tmp_path: Path) -> None:
    assert guessed(["a", "b"]) == {}
    with pytest.raises(DataContractError, match="no known trace format"):
        open_trace(write(tmp_path / "t.csv", "time,length\n0.5,6\n"))
