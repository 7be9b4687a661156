"""Parquet tables with their provenance in the file's own metadata."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import polars as pl

from acceltrial.errors import DataContractError, StorageError
from acceltrial.storage.atomic import replacing

PROVENANCE_KEY = "acceltrial"


def write_table(path: Path, frame: pl.DataFrame, provenance: dict[str, Any] | None = None) -> None:
    """Writes `frame` as zstd Parquet, atomically, with `provenance` as JSON in the metadata.

    The bytes depend on the frame and the provenance only, so equal tables have equal digests.
    Raises StorageError.
    """
    metadata = {PROVENANCE_KEY: orjson.dumps(provenance or {}, option=orjson.OPT_SORT_KEYS).decode()}
    with replacing(path) as temporary:
        # In one piece, since the pieces of a frame would show in the bytes.
        frame.rechunk().write_parquet(temporary, compression="zstd", metadata=metadata)


def read_table(path: Path) -> pl.DataFrame:
    """The table at `path`.

    Raises:
        StorageError: no such file, or it cannot be opened.
        DataContractError: the file is not Parquet.
    """
    try:
        return pl.read_parquet(path, hive_partitioning=False)
    except (FileNotFoundError, PermissionError) as error:
        raise StorageError(
            "the table cannot be read", where=str(path), remedy="run the stage that writes it"
        ) from error
    except pl.exceptions.PolarsError as error:
        raise DataContractError(
            f"not a Parquet table ({error})", where=str(path), remedy="run the stage that writes it again"
        ) from error


def read_provenance(path: Path) -> dict[str, Any]:
    """What `write_table` recorded about the table, or an empty dict for foreign Parquet."""
    raw = pl.read_parquet_metadata(path).get(PROVENANCE_KEY)
    return orjson.loads(raw) if raw else {}
