"""Load processes that die."""

from __future__ import annotations

from array import array
from pathlib import Path

import pytest

from acceltrial.errors import AcceltrialError
from acceltrial.load.job import Job, write_job
from acceltrial.load.processes import Fleet


def job(folder: Path, **changes: object) -> Job:
    given = {
        "folder": str(folder),
        "addresses": [(2, "127.0.0.1", 9)],
        "server_name": "",
        "ca_file": "",
        "verify_tls": True,
        "requests": 2,
        "warm_up": 0,
        "warm_up_streams": 1,
        "concurrency": 0,
        "timeout_s": 1.0,
        "stop_after_s": 0.0,
        "max_connections": 4,
        "max_response_bytes": 1_000,
        "keep_alive": True,
        "processes": 1,
    }
    return Job(**(given | changes))  # type: ignore[arg-type]


def test_a_process_that_cannot_start_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(AcceltrialError) as caught, Fleet(job(tmp_path)) as fleet:
        fleet.start()
    assert "job.json" in caught.value.details["stderr"]


def test_a_process_that_is_killed_is_an_error(tmp_path: Path) -> None:
    given = job(tmp_path)
    write_job(given, [b"x", b"y"], array("d", [0.0, 30.0]))
    with Fleet(given) as fleet:
        fleet.start()
        fleet.children[0].kill()
        with pytest.raises(AcceltrialError):
            fleet.wait()
    assert all(child.poll() is not None for child in fleet.children)
