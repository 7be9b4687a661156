from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acceltrial.errors import DataContractError
from acceltrial.traces.parsing import instants, whole_numbers

FILE = Path("trace.csv")


def _rows(cells: list[Any]) -> pl.Series:
    return pl.Series("row", range(1, len(cells) + 1), dtype=pl.Int64)


def _numbers(cells: list[Any], dtype: Any = pl.String) -> list[int | None]:
    return whole_numbers(pl.Series("tokens", cells, dtype=dtype), _rows(cells), FILE).to_list()


def _times(cells: list[Any], unit: str, dtype: Any = pl.String) -> list[int]:
    return instants(pl.Series("when", cells, dtype=dtype), unit, _rows(cells), FILE).to_list()


def test_whole_numbers_in_any_dress() -> None:
    assert _numbers(["7", " 8 ", "9.0", "", None, "1e3"]) == [7, 8, 9, None, None, 1000]
    assert _numbers([7.0, None], pl.Float64) == [7, None]
    assert _numbers([7, 0], pl.UInt64) == [7, 0]


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ("-1", "negative"), ("nan", "not finite"), ("inf", "not finite"), ("-inf", "not finite"),
        ("12.5", "not a whole"), ("abc", "not a number"), ("1e30", "more than"),
        ("999999999999", "more than"), ("<script>", "not a number"), ("9" * 40, "more than"),
    ],
)  # fmt: skip
def test_a_bad_count_is_named_with_row_and_column(cell: str, told: str) -> None:
    with pytest.raises(DataContractError, match=told) as caught:
        _numbers(["5", cell])
    assert caught.value.where == "trace.csv, row 2, column tokens"
    assert caught.value.details["row"] == 2


@pytest.mark.parametrize("cell", [float("nan"), float("inf"), -1.0, 1.5, 1e12])
def test_a_bad_float_is_refused(cell: float) -> None:
    with pytest.raises(DataContractError):
        _numbers([1.0, cell], pl.Float64)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(0, 100_000_000) | st.none()))
def test_text_and_integers_agree(values: list[int | None]) -> None:
    assert _numbers([None if v is None else str(v) for v in values]) == values


def test_units_of_time() -> None:
    assert _times(["1.5", "2"], "s") == [1_500_000_000, 2_000_000_000]
    assert _times([1, 2], "ms", pl.Int64) == [1_000_000, 2_000_000]
    assert _times(["1700000000123456789"], "ns") == [1_700_000_000_123_456_789]


EARLY, LATE = datetime.fromisoformat("1971-01-01"), datetime.fromisoformat("2200-01-01")


@settings(deadline=None, max_examples=40)
@given(st.datetimes(EARLY, LATE), st.integers(-840, 840))
def test_offsets_are_honoured(moment: datetime, minutes: int) -> None:
    zoned = moment.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    expected = (zoned - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 1000
    if expected >= 0:
        assert _times([zoned.isoformat(sep=" ")], "iso") == [expected]


def test_a_hundred_nanoseconds_survive() -> None:
    first, second = _times(["2023-11-16 18:17:03.9799600", "2023-11-16T18:17:03.9799601"], "iso")
    assert second - first == 100


def test_mixed_zones_are_refused_with_both_rows() -> None:
    with pytest.raises(DataContractError, match="mixed") as caught:
        _times(["2024-05-10 00:00:00", "2024-05-10 00:00:01+00:00"], "iso")
    assert "row 2" in caught.value.what
    assert "row 1" in caught.value.what


@pytest.mark.parametrize(
    ("cell", "unit"),
    [("", "s"), ("nan", "s"), ("inf", "s"), ("-1", "s"), ("1e300", "s"), ("yesterday", "iso"), ("5", "iso"),
     ("2024-13-01 00:00:00", "iso"), ("noon", "ms")],
)  # fmt: skip
def test_a_bad_time_is_named(cell: str, unit: str) -> None:
    good = "2024-01-01 00:00:00" if unit == "iso" else "0"
    with pytest.raises(DataContractError) as caught:
        _times([good, cell], unit)
    assert "row 2" in caught.value.where


def test_milliseconds_taken_for_seconds_get_the_right_advice() -> None:
    with pytest.raises(DataContractError, match="absurd") as caught:
        _times(["1700000000000"], "s")
    assert "time_unit" in caught.value.remedy
