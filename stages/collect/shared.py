"""One trace for several workloads: read once in its own format, then from a quick copy."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pyarrow as pa

from acceltrial.storage.atomic import storage_error

_COMPRESSION = pa.ipc.IpcWriteOptions(compression="lz4")


class SharedBatches:
    """Batches that can be taken again and again, in bounded memory.

    The first pass takes them from `source` and copies each to `path` before giving it; a later pass gives
    what the first one took, from the copy. A pass ends the one before it.
    """

    def __init__(self, source: Iterator[pl.DataFrame], path: Path) -> None:
        self._source = source
        self._path = path
        self._first: Iterator[pl.DataFrame] | None = None

    def __iter__(self) -> Iterator[pl.DataFrame]:
        """The next pass. Raises StorageError when the copy cannot be written or read."""
        if self._first is None:
            self._first = self._copying()
            return self._first
        self._first.close()  # type: ignore[attr-defined]
        return self._from_copy()

    def close(self) -> None:
        """Removes the copy; there is no further pass."""
        if self._first is not None:
            self._first.close()  # type: ignore[attr-defined]
        self._path.unlink(missing_ok=True)

    def _copying(self) -> Iterator[pl.DataFrame]:
        writer: pa.ipc.RecordBatchStreamWriter | None = None
        try:
            with pa.OSFile(str(self._path), "wb") as stream:
                try:
                    for frame in self._source:
                        table = frame.to_arrow()
                        writer = writer or pa.ipc.new_stream(stream, table.schema, options=_COMPRESSION)
                        writer.write_table(table)
                        yield frame
                finally:
                    if writer is not None:
                        writer.close()
        except OSError as error:
            raise storage_error(error, self._path) from error

    def _from_copy(self) -> Iterator[pl.DataFrame]:
        try:
            with pa.OSFile(str(self._path), "rb") as stream, pa.ipc.open_stream(stream) as reader:
                for batch in reader:
                    yield pl.DataFrame(batch)
        except OSError as error:
            raise storage_error(error, self._path) from error
