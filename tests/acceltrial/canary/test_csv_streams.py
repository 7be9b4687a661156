from __future__ import annotations

import gzip

import numpy as np
import polars as pl
import pytest

from acceltrial.canary.records import records_from_frame
from acceltrial.canary.streams import read_streams
from acceltrial.errors import DataContractError, StorageError
from tests.acceltrial.canary.test_streams import recorded


@pytest.mark.parametrize("spelling", [("true", "false"), ("True", "False"), ("1", "0")])
def test_a_csv_file_reads_as_its_like_in_parquet(tmp_path, spelling):
    frame = recorded(3, 50)
    frame.write_parquet(tmp_path / "s.parquet")
    text = pl.when(pl.col("ok")).then(pl.lit(spelling[0])).otherwise(pl.lit(spelling[1]))
    frame.with_columns(ok=text).write_csv(tmp_path / "s.CSV")
    found, wanted = (dict(read_streams(tmp_path / name)) for name in ("s.CSV", "s.parquet"))
    assert list(found) == list(wanted)
    for name, rows in wanted.items():
        assert found[name].equals(rows.with_columns(pl.col("arm").cast(pl.String)))


def test_missing_values_stay_missing_and_numbered_streams_keep_their_names(tmp_path):
    path = tmp_path / "s.csv"
    path.write_text("stream,t_s,arm,latency_ms,ok\n007,1,canary,NaN,true\n007,2.5,baseline,,false\n")
    [(name, rows)] = read_streams(path)
    assert name == "007"
    records = records_from_frame(rows, "here")
    assert records.ok.tolist() == [True, False]
    assert np.isnan(records.values["latency_ms"]).all()


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("", "not CSV of recorded streams"),
        ("stream,t_s,arm,latency_ms,ok\na,soon,canary,1,1\n", "soon"),
        ("stream,t_s,arm\na,1,canary\n", "columns missing: latency_ms, ok"),
    ],
)
def test_what_is_no_recording_is_told_by_the_name_of_the_file(tmp_path, text, match):
    path = tmp_path / "s.csv"
    path.write_text(text)
    with pytest.raises(DataContractError, match=match) as caught:
        list(read_streams(path))
    assert caught.value.where == str(path)


def test_an_ok_that_says_neither_is_refused_with_its_row(tmp_path):
    path = tmp_path / "s.csv"
    path.write_text("stream,t_s,arm,latency_ms,ok\na,1,canary,5,true\na,2,canary,5,maybe\n")
    [(_, rows)] = read_streams(path)
    with pytest.raises(DataContractError, match="'ok' has None at row 1"):
        records_from_frame(rows, "here")


def test_a_file_that_is_not_there_is_a_storage_error(tmp_path):
    with pytest.raises(StorageError):
        list(read_streams(tmp_path / "nothing.csv"))


def test_a_packed_csv_file_is_read_and_a_pattern_in_a_name_is_a_name(tmp_path):
    frame = recorded(2, 20)
    frame.write_csv(tmp_path / "s[1]*.csv")
    (tmp_path / "s.csv.gz").write_bytes(gzip.compress((tmp_path / "s[1]*.csv").read_bytes()))
    plain, packed = (dict(read_streams(tmp_path / name)) for name in ("s[1]*.csv", "s.csv.gz"))
    assert list(packed) == list(plain) == ["s0", "s1"]
    assert all(packed[name].equals(rows) for name, rows in plain.items())
