from __future__ import annotations

import math

import pandera.polars as pa
import polars as pl
import pytest

from acceltrial.errors import DataContractError
from schemas.base import Table, check_table, empty, table_of


class Sample(Table):
    name: str = pa.Field(unique=True)
    value_ms: float = pa.Field(ge=0, nullable=True)


def test_a_good_table_passes_and_missing_keys_are_null() -> None:
    frame = table_of(Sample, [{"name": "a", "value_ms": 1.0}, {"name": "b"}])
    assert check_table(Sample, frame, "here")["value_ms"].to_list() == [1.0, None]
    assert check_table(Sample, empty(Sample), "here").height == 0


@pytest.mark.parametrize("value", [math.nan, math.inf, -1.0])
def test_values_out_of_range_are_named_with_table_column_row_and_place(value: float) -> None:
    frame = pl.DataFrame({"name": ["a", "b"], "value_ms": [1.0, value]})
    with pytest.raises(DataContractError) as caught:
        check_table(Sample, frame, "some/file.parquet")
    assert caught.value.where == "some/file.parquet"
    assert "Sample" in caught.value.what
    assert caught.value.details["breaches"]


@pytest.mark.parametrize(
    "frame",
    [
        pl.DataFrame({"name": ["a"]}),
        pl.DataFrame({"name": ["a"], "value_ms": [1.0], "more": [1]}),
        pl.DataFrame({"name": ["a"], "value_ms": ["1"]}),
        pl.DataFrame({"name": ["a", "a"], "value_ms": [1.0, 2.0]}),
    ],
    ids=["missing column", "undeclared column", "wrong type", "duplicate"],
)
def test_tables_of_another_shape_are_refused(frame: pl.DataFrame) -> None:
    with pytest.raises(DataContractError):
        check_table(Sample, frame, "here")
