from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from acceltrial.errors import DataContractError
from acceltrial.traces.source import read_head
from acceltrial.traces.tabular import csv_batches, json_batches, parquet_batches


def _csv(tmp_path: Path, text: str, wanted: list[str], block: int = 1 << 20) -> pl.DataFrame:
    path = tmp_path / "t.csv"
    path.write_text(text)
    return pl.concat(csv_batches(read_head(path), wanted, block))


@pytest.mark.parametrize("block", [4, 9, 1000])
def test_rows_are_counted_over_blocks_and_blank_lines(tmp_path: Path, block: int) -> None:
    frame = _csv(tmp_path, "t,x\n1,a\n\n2,b\n\n\n3,c\n", ["t"], block)
    assert frame["t"].to_list() == ["1", "2", "3"]
    assert frame["row"].to_list() == [1, 3, 6]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_separators_and_quoted_fields(tmp_path: Path, separator: str) -> None:
    text = f't{separator}prompt\n1{separator}"a{separator}b\nc"\n2{separator}d\n'
    assert _csv(tmp_path, text, ["t"])["t"].to_list() == ["1", "2"]


def test_a_byte_order_mark_is_no_part_of_the_first_name(tmp_path: Path) -> None:
    assert _csv(tmp_path, "\ufefft,x\n1,2\n", ["t"])["t"].to_list() == ["1"]


def test_a_row_with_too_many_fields_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataContractError, match="3 fields where the header has 2") as caught:
        _csv(tmp_path, "t,x\n1,2\n1,2,3\n", ["t"])
    assert "row 2" in caught.value.where


def test_a_missing_or_doubled_column_is_named_with_what_there_is(tmp_path: Path) -> None:
    with pytest.raises(DataContractError, match="'when' is missing") as caught:
        _csv(tmp_path, "t,x\n1,2\n", ["when"])
    assert "t, x" in caught.value.remedy
    with pytest.raises(DataContractError, match="twice"):
        _csv(tmp_path, "t,t\n1,2\n", ["t"])


def test_typed_columns_fall_back_to_text_where_a_cell_is_not(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("t,x\n1,2\n3,odd\n")
    (frame,) = csv_batches(read_head(path), ["t", "x"], 1 << 20, {"x": pl.Int64()})
    assert frame["x"].to_list() == ["2", "odd"]


def test_json_lines_with_paths_gaps_and_mixed_kinds(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    path.write_text('{"t": 1, "u": {"in": 5}}\n\n{"t": 2.5, "u": {}}\n{"t": "3"}\n')
    frame = pl.concat(json_batches(read_head(path), ["t", "u.in"], 1 << 20))
    assert frame["row"].to_list() == [1, 3, 4]
    assert frame["t"].to_list() == ["1", "2.5", "3"]
    assert frame["u.in"].to_list() == [5, None, None]


@pytest.mark.parametrize("line", ['{"t": NaN}', '{"t": 1', "[1]", '"x"', "null"])
def test_a_line_that_is_no_object_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "t.jsonl"
    path.write_text('{"t": 1}\n' + line + "\n")
    with pytest.raises(DataContractError) as caught:
        list(json_batches(read_head(path), ["t"], 1 << 20))
    assert "line 2" in caught.value.where


def test_a_truncated_parquet_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pl.DataFrame({"t": list(range(1000))}).write_parquet(path)
    path.write_bytes(path.read_bytes()[:-50])
    with pytest.raises(DataContractError, match="Parquet"):
        list(parquet_batches(read_head(path), ["t"]))
