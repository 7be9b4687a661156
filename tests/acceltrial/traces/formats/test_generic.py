from __future__ import annotations

from pathlib import Path

from acceltrial.traces import open_trace
from acceltrial.traces.formats.generic import column_names, is_json
from acceltrial.traces.source import read_head


def test_our_own_columns_are_recognised_whichever_are_there(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("arrival_s,session,turn\n0,a,0\n1,a,1\n")
    trace = open_trace(path)
    assert trace.collect()["turn"].to_list() == [0, 1]
    assert trace.facts.format == "acceltrial"


def test_names_of_columns_in_text_and_json(tmp_path: Path) -> None:
    path = tmp_path / "t"
    path.write_text('{"a": 1, "b": 2}\n')
    head = read_head(path)
    assert is_json(head)
    assert column_names(head) == ["a", "b"]
