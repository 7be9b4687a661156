from __future__ import annotations

from acceltrial.canary.streams import read_streams
from benchmarks.canary.speed import write_streams


def test_what_is_timed_is_a_file_of_so_many_whole_streams(tmp_path, monkeypatch):
    monkeypatch.setattr("benchmarks.canary.speed.PREPARED", 1)
    path = tmp_path / "s.parquet"
    rows = write_streams(path, 3)
    found = {name: len(frame) for name, frame in read_streams(path)}
    assert set(found) == {"s00000", "s00001", "s00002"}
    assert sum(found.values()) == rows
    assert all(70_000 < n < 74_000 for n in found.values())
