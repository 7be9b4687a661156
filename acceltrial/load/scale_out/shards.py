"""A job cut into what each worker needs, and the workers' records on one clock."""

from __future__ import annotations

import io
from array import array
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from acceltrial.load.job import (
    AFTER,
    INTENDED,
    OFFSETS,
    REQUESTS,
    SETTINGS,
    THINK,
    Job,
    RequestStore,
    read_array,
)
from acceltrial.load.scale_out.clocks import Offset
from acceltrial.load.sharding import scheduled_of, warm_up_of
from acceltrial.load.spill import RawRecord


def shard_files(job: Job, shard: int) -> dict[str, bytes]:
    """The job's files with the request bytes of one shard only; every other request is empty there."""
    folder = Path(job.folder)
    store = RequestStore(folder)
    offsets, requests = array("q", [0]), io.BytesIO()
    after = read_array(folder / AFTER, "q")
    scheduled = scheduled_of(job.requests - job.warm_up, after, job.processes, shard, first=job.warm_up)
    mine = {*warm_up_of(job.warm_up, job.processes, shard), *scheduled}
    try:
        for index in range(job.requests):
            if index in mine:
                requests.write(store.read(index))
            offsets.append(requests.tell())
    finally:
        store.close()
    files = {REQUESTS: requests.getvalue(), OFFSETS: offsets.tobytes()}
    for name in (SETTINGS, INTENDED, AFTER, THINK):
        if (folder / name).exists():
            files[name] = (folder / name).read_bytes()
    return files


def on_our_clock(records: Iterator[RawRecord], offset: Offset) -> Iterator[RawRecord]:
    """The records with every time on our clock. What lies between two times of a record does not change."""
    ours = offset.to_ours
    for raw in records:
        yield replace(
            raw,
            intended_ns=ours(raw.intended_ns),
            sent_ns=ours(raw.sent_ns),
            dialled_ns=ours(raw.dialled_ns),
            connected_ns=ours(raw.connected_ns),
            secured_ns=ours(raw.secured_ns),
            finished_ns=ours(raw.finished_ns),
            stamps_ns=array("q", (ours(stamp) for stamp in raw.stamps_ns)),
        )
