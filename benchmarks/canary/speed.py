"""How fast `acceltrial canary judge` is on a file of recorded streams, and how much memory it takes."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from acceltrial.canary.records import ARMS
from benchmarks.canary.streams import Trouble, simulate

PREPARED = 20

_PEAK = """
import resource, sys
from acceltrial.cli import main
sys.argv = ["acceltrial", "canary", "judge", sys.argv[1], "--json"]
try:
    main()
except SystemExit:
    pass
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, file=sys.stderr)
"""


def measure_speed(streams: int) -> str:
    """A sentence: seconds and memory for so many streams of an hour at 20 requests a second."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "streams.parquet"
        rows = write_streams(path, streams)
        begun = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-c", _PEAK, str(path)],
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        took = time.monotonic() - begun
    peak_mb = int(done.stderr.split()[-1])
    return f"judging {streams} streams, {rows:,} requests: {took:.1f} s, {peak_mb} MB at most"


def write_streams(path: Path, streams: int) -> int:
    """Writes so many streams to `path`, a row group each (a few, repeated); returns the rows."""
    drawn = [simulate(Trouble(), (99, i)) for i in range(min(streams, PREPARED))]
    rows = 0
    writer = None
    for i in range(streams):
        records = drawn[i % len(drawn)]
        table = pa.table(
            {
                "stream": pa.array([f"s{i:05d}"]).take(pa.array(np.zeros(len(records), np.int64))),
                "t_s": records.t_s,
                "arm": pa.array(ARMS).take(pa.array(records.canary.astype(np.int64))),
                "latency_ms": records.values["latency_ms"],
                "ok": records.ok,
            }
        )
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table)
        rows += len(records)
    if writer:
        writer.close()
    return rows
