from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from acceltrial.errors import ConfigurationError, DataContractError
from acceltrial.traces import CANONICAL, open_trace

MAPPING = {"arrival": "when", "input_tokens": "in", "output_tokens": "out"}


def _file(tmp_path: Path, text: str, name: str = "t.csv") -> Path:
    path = tmp_path / name
    path.write_text(text)
    return path


def test_batches_are_canonical_and_start_at_zero(tmp_path: Path) -> None:
    trace = open_trace(_file(tmp_path, "when,in,out\n10,5,6\n12.5,7,8\n"), columns=MAPPING)
    frame = trace.collect()
    assert frame.schema == pl.Schema(CANONICAL)
    assert frame["arrival_s"].to_list() == [0.0, 2.5]
    assert (trace.facts.rows, trace.facts.span_s, trace.facts.format) == (2, 2.5, "generic")


def test_out_of_order_rows_are_refused_or_sorted(tmp_path: Path) -> None:
    path = _file(tmp_path, "when,in,out\n1,1,1\n3,3,3\n2,2,2\n")
    with pytest.raises(DataContractError, match="before the one above") as caught:
        open_trace(path, columns=MAPPING).collect()
    assert "row 3" in caught.value.where
    assert "sort" in caught.value.remedy
    trace = open_trace(path, columns=MAPPING, sort=True)
    assert trace.collect()["input_tokens"].to_list() == [1, 2, 3]
    assert any("sorted" in note for note in trace.facts.notes)


def test_order_is_checked_across_blocks(tmp_path: Path) -> None:
    path = _file(tmp_path, "when,in,out\n" + "".join(f"{t},1,1\n" for t in (1, 2, 3, 2)))
    with pytest.raises(DataContractError, match="before the one above"):
        open_trace(path, columns=MAPPING, block_bytes=6).collect()


def test_an_absurd_span_is_refused(tmp_path: Path) -> None:
    path = _file(tmp_path, "when,in,out\n1,1,1\n1700000000,1,1\n")
    with pytest.raises(DataContractError, match="days"):
        open_trace(path, columns=MAPPING).collect()


def test_a_header_without_rows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataContractError, match="no request"):
        open_trace(_file(tmp_path, "when,in,out\n"), columns=MAPPING).collect()


def test_unknown_content_lists_the_columns_there_are(tmp_path: Path) -> None:
    with pytest.raises(DataContractError, match="no known trace format") as caught:
        open_trace(_file(tmp_path, "a,b\n1,2\n"))
    assert "'a', 'b'" in caught.value.remedy


@pytest.mark.parametrize("columns", [{"arival": "t"}, {"arrival": "t", "time_unit": "fortnight"}, {}])
def test_a_wrong_mapping_is_a_usage_error(tmp_path: Path, columns: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match="mapping of columns is wrong"):
        open_trace(_file(tmp_path, "t\n1\n"), columns=columns)


def test_an_unknown_format_and_a_generic_one_without_mapping(tmp_path: Path) -> None:
    path = _file(tmp_path, "t\n1\n")
    with pytest.raises(ConfigurationError, match="no trace format"):
        open_trace(path, format="parquet9")
    with pytest.raises(ConfigurationError, match="needs a mapping"):
        open_trace(path, format="generic").collect()


def test_coarse_steps_are_spread_and_told(tmp_path: Path) -> None:
    times = np.floor(np.cumsum(np.random.default_rng(0).exponential(0.1, 3000)))
    path = _file(tmp_path, "when,in,out\n" + "".join(f"{t:.0f},1,1\n" for t in times))
    trace = open_trace(path, columns=MAPPING, seed=3)
    arrivals = trace.collect()["arrival_s"].to_numpy()
    assert trace.facts.spread_step_s == 1.0
    assert np.unique(arrivals).size > 2900
    left = open_trace(path, columns=MAPPING, spread="never").collect()["arrival_s"].to_numpy()
    assert np.unique(left).size < 400
    again = open_trace(path, columns=MAPPING, seed=3, block_bytes=1000).collect()["arrival_s"]
    assert again.to_list() == arrivals.tolist()


def test_all_containers_give_the_same_rows(tmp_path: Path) -> None:
    frame = pl.DataFrame({"when": [0.0, 0.25, 1.5], "in": [1, 2, 3], "out": [4, None, 6]})
    frame.write_csv(tmp_path / "t.csv")
    frame.write_ndjson(tmp_path / "t.jsonl")
    frame.write_parquet(tmp_path / "t.parquet")
    read = [
        open_trace(tmp_path / f"t.{kind}", columns=MAPPING).collect() for kind in ("csv", "jsonl", "parquet")
    ]
    assert read[0].equals(read[1])
    assert read[0].equals(read[2])


def test_timestamps_of_parquet_keep_their_zone(tmp_path: Path) -> None:
    times = pl.Series([0, 1_500_000]).cast(pl.Datetime("us", "Europe/Berlin"))
    pl.DataFrame({"when": times}).write_parquet(tmp_path / "t.parquet")
    read = open_trace(tmp_path / "t.parquet", columns={"arrival": "when", "time_unit": "iso"}).collect()
    assert read["arrival_s"].to_list() == [0.0, 1.5]


def test_reading_is_bounded_by_the_block_and_not_by_the_file(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    with path.open("w") as stream:
        stream.write("when,in,out\n")
        for part in range(20):
            stream.write("".join(f"{part * 10_000 + i}.5,100,20\n" for i in range(10_000)))
    tracemalloc.start()
    rows = sum(batch.height for batch in open_trace(path, columns=MAPPING, block_bytes=100_000))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert rows == 200_000
    assert peak < path.stat().st_size / 2
