from __future__ import annotations

import json
from array import array
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from acceltrial.load.job import Job, RequestStore, write_job
from acceltrial.load.scale_out.clocks import Offset
from acceltrial.load.scale_out.shards import on_our_clock, shard_files
from acceltrial.load.sharding import scheduled_of
from acceltrial.load.spill import RawRecord


def job(folder: Path, requests: int, shards: int) -> Job:
    return Job(
        folder=str(folder), addresses=[], server_name="", ca_file="", verify_tls=True, requests=requests,
        warm_up=0, warm_up_streams=1, concurrency=0, timeout_s=1.0, stop_after_s=0.0, max_connections=1,
        max_response_bytes=1, keep_alive=True, processes=shards,
    )  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(
    requests=st.lists(st.binary(min_size=1, max_size=50), min_size=1, max_size=30), shards=st.integers(1, 5)
)
def test_the_shards_together_hold_every_request_once(
    tmp_path_factory: object, requests: list[bytes], shards: int
) -> None:
    home = tmp_path_factory.mktemp("job")  # type: ignore[attr-defined]
    whole = job(home, len(requests), shards)
    write_job(whole, requests, array("d", range(len(requests))))
    seen = []
    for shard in range(shards):
        part = tmp_path_factory.mktemp("shard")  # type: ignore[attr-defined]
        files = shard_files(whole, shard)
        for name, content in files.items():
            (part / name).write_bytes(content)
        assert json.loads(files["job.json"])["requests"] == len(requests)
        store = RequestStore(part)
        mine = set(scheduled_of(len(requests), (), shards, shard))
        for index, request in enumerate(requests):
            assert store.read(index) == (request if index in mine else b"")
        store.close()
        seen += sorted(mine)
    assert sorted(seen) == list(range(len(requests)))


def test_a_record_moves_as_a_whole() -> None:
    raw = RawRecord(
        3, 1_000, 1_100, 0, 0, 0, 1_500, "", True, False, False, array("q", [1_300, 1_500]),
        array("q", [4, 9]), b"x", "",
    )  # fmt: skip
    moved = next(on_our_clock(iter([raw]), Offset(700, 1, 1)))
    assert (moved.intended_ns, moved.sent_ns, moved.dialled_ns, moved.finished_ns) == (300, 400, 0, 800)
    assert list(moved.stamps_ns) == [600, 800]
    assert list(moved.ends) == [4, 9]
