from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow.parquet as pq
import pytest

from acceltrial.errors import DataContractError, StorageError
from stages.collect.params import CollectParams
from stages.collect.requests_file import ROW_GROUP_ROWS, Written, requests_file
from stages.collect.stage import STAGE
from stages.contract import Context, Inputs
from tests.stages.collect.conftest import AZURE, Collect


def batch(start: int, rows: int) -> pl.DataFrame:
    """Requests one a second, with lengths that do not compress to nothing."""
    index = pl.int_range(start, start + rows, eager=True)
    random = np.random.default_rng(start)
    return pl.DataFrame(
        {
            "arrival_s": index.cast(pl.Float64),
            "input_tokens": random.integers(1, 5000, rows, dtype=np.int32),
            "output_tokens": random.integers(1, 1000, rows, dtype=np.int32),
            "client": pl.Series([None] * rows, dtype=pl.String),
            "session": pl.Series([None] * rows, dtype=pl.String),
            "turn": pl.Series([None] * rows, dtype=pl.Int32),
            "prefix_tokens": pl.Series([None] * rows, dtype=pl.Int32),
        }
    )


def batches(rows: int, each: int) -> Iterator[pl.DataFrame]:
    for start in range(0, rows, each):
        yield batch(start, min(each, rows - start))


def write(path: Path, rows: int, each: int = 50_000, limit: int | None = None) -> Written:
    with requests_file(path) as table:
        return table.write("w", batches(rows, each), limit=limit, context_tokens=None)


def test_row_groups_stay_small_and_keep_the_order(tmp_path: Path) -> None:
    path = tmp_path / "r.parquet"
    assert write(path, 600_000).rows == 600_000
    groups = pq.ParquetFile(path).metadata
    assert max(groups.row_group(i).num_rows for i in range(groups.num_row_groups)) <= ROW_GROUP_ROWS
    assert groups.num_row_groups >= 3
    assert pl.read_parquet(path)["index"].to_list() == list(range(600_000))


def test_no_row_group_holds_two_workloads(tmp_path: Path) -> None:
    path = tmp_path / "r.parquet"
    with requests_file(path) as table:
        for name in ("a", "b"):
            table.write(name, batches(10, 3), limit=None, context_tokens=None)
    reader = pq.ParquetFile(path)
    groups = [pl.DataFrame(reader.read_row_group(i)) for i in range(reader.num_row_groups)]
    assert [group["workload"].n_unique() for group in groups] == [1, 1]


@pytest.mark.parametrize(("limit", "rows"), [(1, 1), (7, 7), (10, 10), (99, 10)])
def test_the_limit_holds_across_batches(tmp_path: Path, limit: int, rows: int) -> None:
    done = write(tmp_path / "r.parquet", 10, each=3, limit=limit)
    assert (done.rows, done.cut) == (rows, limit < 10)
    assert pl.read_parquet(tmp_path / "r.parquet").height == rows


@pytest.mark.parametrize("frames", [[batch(5, 2), batch(0, 2)], [pl.concat([batch(5, 1), batch(0, 1)])]])
def test_arrivals_that_go_back_are_refused(tmp_path: Path, frames: list[pl.DataFrame]) -> None:
    with requests_file(tmp_path / "r") as table, pytest.raises(DataContractError, match="back in") as caught:
        table.write("w", frames, limit=None, context_tokens=None)
    assert "workload w" in caught.value.where


def test_lengths_are_counted_and_unknown_ones_told(tmp_path: Path) -> None:
    frame = batch(0, 3).with_columns(
        pl.Series("input_tokens", [90, None, 50], dtype=pl.Int32),
        pl.Series("output_tokens", [20, 5, None], dtype=pl.Int32),
    )
    with requests_file(tmp_path / "r") as table:
        done = table.write("w", [frame], limit=None, context_tokens=100)
    assert (done.too_long, done.longest_tokens, done.without_lengths) == (1, 110, 2)


@contextmanager
def mounted(folder: Path, options: str) -> Iterator[Path]:
    """A real tmpfs; skips where this user may not mount one."""
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], capture_output=True, text=True
    )
    if done.returncode != 0:
        pytest.skip(f"a tmpfs cannot be mounted here ({done.stderr.strip() or os.getuid()})")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_is_one_clear_error(tmp_path: Path) -> None:
    with mounted(tmp_path / "small", "size=256k") as folder:
        with pytest.raises(StorageError, match="No space") as caught:
            write(folder / "r.parquet", 600_000)
        assert "free disk space" in caught.value.remedy
        assert caught.value.exit_code == 1


def test_a_full_disk_at_the_very_end_is_told_too(tmp_path: Path) -> None:
    with mounted(tmp_path / "small", "size=4k") as folder, pytest.raises(StorageError, match="No space"):
        write(folder / "r.parquet", 3_000)


def test_a_read_only_disk_is_told(tmp_path: Path) -> None:
    with mounted(tmp_path / "ro", "ro") as folder:
        with pytest.raises(StorageError) as caught:
            write(folder / "r.parquet", 10)
        assert "read-only" in caught.value.remedy


@contextmanager
def unprivileged() -> Iterator[None]:
    """Root may write everywhere, so the block runs as nobody; other users stay who they are."""
    if os.getuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_no_permission_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with unprivileged(), pytest.raises(StorageError, match="Permission denied") as caught:
        write(tmp_path / "r.parquet", 10)
    assert "write permission" in caught.value.remedy


def test_a_file_where_a_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StorageError):
        write(tmp_path / "file" / "r.parquet", 10)


def test_a_file_size_limit_is_told(tmp_path: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        with pytest.raises(StorageError):
            write(tmp_path / "r.parquet", 600_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


CHILD = """
import resource, sys, time
from datetime import UTC, datetime
from pathlib import Path
from stages.collect.params import CollectParams
from stages.collect.stage import STAGE
from stages.contract import Context, Inputs
root, trace, scratch = map(Path, sys.argv[1:])
context = Context(root=root, scratch=scratch, cache=scratch, now=datetime(2026, 11, 22, tzinfo=UTC), run="t")
began = time.perf_counter()
outputs = STAGE.run(Inputs(root, STAGE.inputs), CollectParams(trace_override={"path": str(trace)}), context)
assert outputs["trace_sources"]["rows_kept"].to_list() == [10_000_000, 30]
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter() - began)
"""


@pytest.mark.slow
def test_ten_million_rows_stream_within_a_gigabyte(workspace: Path, tmp_path: Path, checkout: Path) -> None:
    trace = tmp_path / "long.csv"
    rows = 10_000_000
    with trace.open("wb") as stream:
        for number, start in enumerate(range(0, rows, 500_000)):
            frame = batch(start, 500_000).select(
                pl.col("arrival_s") / 1000, "input_tokens", "output_tokens", client=pl.lit("c") + "7"
            )
            frame.write_csv(stream, include_header=number == 0)
    scratch = tmp_path / "out"
    scratch.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(workspace), str(trace), str(scratch)],
        cwd=checkout,
        env={**os.environ, "PYTHONPATH": str(checkout)},
        capture_output=True,
        text=True,
        check=True,
    )
    peak_kib, _seconds = map(float, done.stdout.split())
    assert pq.read_metadata(scratch / "requests.parquet").num_rows == rows + 30
    assert peak_kib * 1024 < 1e9, f"peak {peak_kib / 1e6:.2f} GB"


@pytest.mark.parametrize("shared", [True, False])
def test_collect_on_a_full_disk_is_one_clear_error(workspace: Path, tmp_path: Path, shared: bool) -> None:
    trace = tmp_path / "long.parquet"
    batch(0, 300_000).select("arrival_s", "input_tokens", "output_tokens").write_parquet(trace)
    if shared:
        path = workspace / "data/portfolio/workloads.yaml"
        path.write_text(path.read_text().replace("kind: reranker", "kind: agent"))
    with mounted(tmp_path / "small", "size=256k") as folder:
        context = Context(
            root=workspace, scratch=folder, cache=folder, now=datetime(2026, 11, 22, tzinfo=UTC), run="t"
        )
        params = CollectParams.model_validate({"trace_override": {"path": str(trace)}})
        assert STAGE.run is not None
        with pytest.raises(StorageError, match="No space") as caught:
            STAGE.run(Inputs(workspace, STAGE.inputs), params, context)
        assert "free disk space" in caught.value.remedy


def test_a_failed_collect_leaves_the_workspace_alone(collect: Collect, workspace: Path) -> None:
    before = sorted(p.relative_to(workspace) for p in workspace.rglob("*"))
    (workspace / "data/portfolio/traces/chat.csv").write_text(AZURE + "x,1,1\n")
    with pytest.raises(DataContractError):
        collect()
    assert sorted(p.relative_to(workspace) for p in workspace.rglob("*")) == before
