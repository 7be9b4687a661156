from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from acceltrial.errors import DataContractError, StorageError
from acceltrial.storage.tables import read_provenance, read_table, write_table


def test_a_table_comes_back_with_its_provenance_and_equal_tables_have_equal_bytes(tmp_path: Path) -> None:
    frame = pl.DataFrame({"a": [1.5, None], "b": ["x", "y"]})
    write_table(tmp_path / "t.parquet", frame, {"stage": "s"})
    write_table(tmp_path / "u.parquet", frame, {"stage": "s"})
    assert read_table(tmp_path / "t.parquet").equals(frame)
    assert read_provenance(tmp_path / "t.parquet") == {"stage": "s"}
    assert (tmp_path / "t.parquet").read_bytes() == (tmp_path / "u.parquet").read_bytes()


def test_foreign_parquet_has_no_provenance(tmp_path: Path) -> None:
    pl.DataFrame({"a": [1]}).write_parquet(tmp_path / "f.parquet")
    assert read_provenance(tmp_path / "f.parquet") == {}


def test_missing_and_broken_tables_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot be read"):
        read_table(tmp_path / "none.parquet")
    (tmp_path / "bad.parquet").write_text("<html>")
    with pytest.raises(DataContractError, match="not a Parquet"):
        read_table(tmp_path / "bad.parquet")
