"""What is handed to a load process."""

from __future__ import annotations

from array import array
from pathlib import Path

from acceltrial.load.job import RequestStore, read_array, read_job, write_job
from tests.acceltrial.load.test_processes import job


def test_a_job_survives_the_disk(tmp_path: Path) -> None:
    given = job(tmp_path)
    write_job(given, [b"one", b"three"], array("d", [0.0, 0.5]), array("q", [-1, 0]), array("d", [0.0, 1.0]))
    found = read_job(tmp_path)
    assert found.requests == 2
    assert [tuple(one) for one in found.addresses] == given.addresses
    store = RequestStore(tmp_path)
    assert (store.read(0), store.read(1)) == (b"one", b"three")
    store.close()
    assert list(read_array(tmp_path / "absent", "q")) == []
