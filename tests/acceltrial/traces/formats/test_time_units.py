"""What cells tell of their time unit."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from acceltrial.errors import ConfigurationError
from acceltrial.traces.formats.time_units import first_cells, has_fractions, told_unit, unit_or_refusal
from acceltrial.traces.source import Head, read_head


def head(tmp_path: Path, cells: list[str]) -> Head:
    path = tmp_path / "t.csv"
    path.write_text("x,t\n" + "".join(f"1,{cell}\n" for cell in cells))
    return read_head(path)


@pytest.mark.parametrize(
    ("cells", "told", "taken"),
    [
        (["2026-01-01 00:00:00", ""], "iso", "iso"),
        (["1761004800", "1761004801.5"], "s", "s"),
        (["1761004800123"], "ms", "ms"),
        (["1761004800123456"], "us", "us"),
        (["1761004800123456789"], "ns", "ns"),
        (["0", "1.5"], None, "s"),
        (["0", "damaged"], None, None),
        (["0", "3000"], None, None),
        ([], None, "s"),
    ],
)
def test_the_unit(tmp_path: Path, cells: list[str], told: str | None, taken: str | None) -> None:
    found = head(tmp_path, cells)
    assert told_unit(found, "t") == told
    if taken is not None:
        assert unit_or_refusal(found, {"arrival": "t"}) == taken
        return
    with pytest.raises(ConfigurationError, match="does not tell its time unit") as caught:
        unit_or_refusal(found, {"arrival": "t", "client": "x"})
    assert "--columns arrival=t,client=x,time_unit=s" in caught.value.remedy


def test_cells_of_json_and_parquet(tmp_path: Path) -> None:
    path = tmp_path / "t"
    path.write_text('[{"t": 1.5},\n{"t": null}, {}]')
    assert first_cells(read_head(path), "t") == [1.5]
    assert has_fractions(read_head(path), "t")
    pl.DataFrame({"t": [1, 2]}).write_parquet(path)
    assert first_cells(read_head(path), "t") == [1, 2]
    assert not has_fractions(read_head(path), "t")
