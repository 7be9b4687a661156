"""Recorded streams in a CSV file: turned into Parquet once, in bounded memory, and read as that."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl

from acceltrial.canary.records import FLAGS, NUMBERS, SPELLINGS
from acceltrial.errors import DataContractError
from acceltrial.storage.atomic import storage_error

_NUMBERS = ("t_s", *NUMBERS, *FLAGS)


@contextmanager
def as_parquet(path: Path) -> Iterator[Path]:
    """A Parquet file with the rows of the CSV file `path`, for the length of the block.

    An `ok` that is not true, false, 1 or 0 (in any case) is left empty, for the records' check to refuse.

    Raises:
        StorageError: the file cannot be read.
        DataContractError: it is not CSV, or has text where numbers belong.
    """
    with tempfile.TemporaryDirectory(prefix="acceltrial-") as folder:
        copy = Path(folder) / "streams.parquet"
        try:
            _convert(path, copy)
        except OSError as error:
            raise storage_error(error, path) from error
        except pl.exceptions.PolarsError as error:
            raise DataContractError(
                f"not CSV of recorded streams ({str(error).splitlines()[0]})",
                where=str(path),
                remedy="give one row a request, under a line of column names, numbers as numbers",
            ) from error
        yield copy


def _convert(path: Path, copy: Path) -> None:
    text = pl.scan_csv(path, infer_schema=False, glob=False)
    names = text.collect_schema().names()
    numbers = [pl.col(name).cast(pl.Float64) for name in _NUMBERS if name in names]
    flags = [
        pl.col("ok").str.strip_chars().str.to_lowercase().replace_strict(
            SPELLINGS, default=None, return_dtype=pl.Boolean
        )
    ] if "ok" in names else []  # fmt: skip
    text.with_columns(*numbers, *flags).sink_parquet(copy)
