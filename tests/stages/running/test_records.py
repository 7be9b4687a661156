from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from stages.running import records
from stages.running.records import DatasetUse, RunRecord

START = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_a_record_and_its_files_survive_the_disk(tmp_path: Path) -> None:
    record = RunRecord("r1", "x", "p", START, None, "RUNNING", {"k": "v"}, {"m": 1.5}, {"t": "u"},
                       (DatasetUse("n", "p/n", "abc", "input"),))  # fmt: skip
    (tmp_path / "file").write_text("1")
    folder = records.post(tmp_path / "outbox", record, {"deep/name.txt": tmp_path / "file"})
    (tmp_path / "file").write_text("2")
    assert records.load(folder) == record
    assert (folder / "artifacts/deep/name.txt").read_text() == "1"


def test_records_wait_in_the_order_in_which_they_were_posted_and_drafts_do_not_count(tmp_path: Path) -> None:
    for run in ("b", "a", "c"):
        records.post(tmp_path, RunRecord(run, run, None, START, None, "RUNNING"))
    (tmp_path / ".killed.draft").mkdir()
    assert [records.load(folder).run for folder in records.waiting(tmp_path)] == ["b", "a", "c"]
