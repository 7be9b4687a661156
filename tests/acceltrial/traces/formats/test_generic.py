from __future__ import annotations

from pathlib import Path

from acceltrial.traces import open_trace
from acceltrial.traces.formats.generic import column_names
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
    assert head.is_json
    assert column_names(head) == ["a", "b"]


def test_a_list_of_objects_over_many_lines(tmp_path: Path) -> None:
    path = tmp_path / "t.json"
    path.write_text('[\n  {\n    "when": 2,\n    "use": {"in": 5}\n  },\n  {"when": 3.5, "late": 1}\n]\n')
    assert column_names(read_head(path)) == ["when", "use", "late"]
    frame = open_trace(path, columns={"arrival": "when", "input_tokens": "use.in"}).collect()
    assert frame.select("arrival_s", "input_tokens").rows() == [(0.0, 5), (1.5, None)]
