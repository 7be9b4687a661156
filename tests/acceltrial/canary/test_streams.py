from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from acceltrial.canary.streams import read_streams
from acceltrial.errors import DataContractError, StorageError


def recorded(streams=5, rows=200, seed=0):
    rng = np.random.default_rng(seed)
    n = streams * rows
    return pl.DataFrame(
        {
            "stream": [f"s{i // rows}" for i in range(n)],
            "t_s": rng.random(n) * 100,
            "arm": np.where(rng.random(n) < 0.3, "canary", "baseline"),
            "latency_ms": rng.random(n) * 50,
            "ok": rng.random(n) < 0.9,
            "extra": rng.random(n),
        }
    )


@pytest.mark.parametrize("shuffled", [False, True])
@pytest.mark.parametrize(("batch", "most_open"), [(10_000, 10_000), (70, 10_000), (70, 250), (1, 1)])
def test_every_row_of_every_stream_comes_once_whatever_the_batches(tmp_path, shuffled, batch, most_open):
    frame = recorded(rows=60)
    if shuffled:
        frame = frame.sample(fraction=1.0, shuffle=True, seed=1)
    path = tmp_path / "s.parquet"
    frame.write_parquet(path, row_group_size=97)
    found = dict(read_streams(path, batch=batch, most_open=most_open))
    assert sorted(found) == [f"s{i}" for i in range(5)]
    for name, rows in found.items():
        wanted = frame.filter(pl.col("stream") == name).drop("stream", "extra")
        assert rows.sort("t_s").equals(wanted.select(rows.columns).sort("t_s"))


def test_numbered_streams_are_named_by_their_number(tmp_path):
    path = tmp_path / "s.parquet"
    recorded().with_columns(stream=pl.lit(7)).write_parquet(path)
    assert [name for name, _ in read_streams(path)] == ["7"]


def test_a_file_without_rows_is_refused(tmp_path):
    path = tmp_path / "s.parquet"
    recorded().clear().write_parquet(path)
    with pytest.raises(DataContractError, match="no row"):
        list(read_streams(path))


def test_missing_columns_and_nameless_rows_are_told(tmp_path):
    path = tmp_path / "s.parquet"
    recorded().drop("ok", "arm").write_parquet(path)
    with pytest.raises(DataContractError, match="columns missing: arm, ok"):
        list(read_streams(path))
    names = ["a", None, "b"]
    recorded(1, 3).with_columns(stream=pl.Series(names)).write_parquet(path)
    with pytest.raises(DataContractError, match="row 1 names no stream"):
        list(read_streams(path))


def test_what_is_no_parquet_is_told(tmp_path):
    path = tmp_path / "s.parquet"
    path.write_text("stream,t_s\n")
    with pytest.raises(DataContractError, match="not Parquet"):
        list(read_streams(path))
    with pytest.raises(StorageError):
        list(read_streams(tmp_path / "none.parquet"))
