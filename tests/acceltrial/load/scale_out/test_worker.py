from __future__ import annotations

from array import array
from pathlib import Path

import pytest

from acceltrial.errors import AcceltrialError
from acceltrial.load.job import write_job
from acceltrial.load.scale_out.shards import shard_files
from acceltrial.load.scale_out.worker import ShardWorker
from tests.acceltrial.load.scale_out.test_shards import job


def test_a_load_process_that_cannot_start_is_told_with_its_last_line(tmp_path: Path) -> None:
    write_job(job(tmp_path, 1, 1), [b"x"], array("d", [0.0]))
    files = shard_files(job(tmp_path, 1, 1), 0)
    worker = ShardWorker()
    try:
        with pytest.raises(AcceltrialError, match=r"did not come up|too early"):
            worker.prepare({name: content for name, content in files.items() if name != "requests.bin"}, 0)
    finally:
        worker.close()


def test_a_killed_load_process_hands_back_what_it_wrote(tmp_path: Path) -> None:
    whole = job(tmp_path, 1, 1)
    write_job(whole, [b"GET / HTTP/1.1\r\n\r\n"], array("d", [0.0]))
    worker = ShardWorker()
    try:
        worker.prepare(shard_files(whole, 0), 0)
        assert worker._child is not None
        worker._child.kill()
        found = worker.collect(5)
    finally:
        worker.close()
    assert found.stats is None
    assert "code -9" in found.problem
    assert not Path(worker._home.name).exists()
