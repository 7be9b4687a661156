"""Bytes of a trace file, plain or gzip, in blocks of whole lines and bounded memory."""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from acceltrial.errors import DataContractError, StorageError
from acceltrial.storage.atomic import storage_error

BLOCK_BYTES = 8 << 20
LINE_BYTES = 64 << 20
"""A longer line is refused: it would break the memory bound."""
HEAD_BYTES = 64 << 10

_GZIP, _PARQUET = b"\x1f\x8b", b"PAR1"
_FOREIGN = {
    b"\x28\xb5\x2f\xfd": "zstd-compressed",
    b"BZh": "bzip2-compressed",
    b"\xfd7zXZ": "xz-compressed",
    b"PK\x03\x04": "a zip archive",
    b"\xff\xfe": "UTF-16 text",
    b"\xfe\xff": "UTF-16 text",
}


@dataclass(frozen=True, slots=True)
class Head:
    """The start of a trace, by which its format is told.

    Attributes:
        lines: whole first lines, decoded and without a byte-order mark; empty for Parquet.
        parquet_columns: the column names when the file is Parquet, else None.
    """

    path: Path
    lines: tuple[str, ...]
    parquet_columns: tuple[str, ...] | None = None

    @property
    def is_json(self) -> bool:
        """Whether the text opens an object or a list."""
        return bool(self.lines) and self.lines[0].lstrip().startswith(("{", "["))


def read_head(path: Path) -> Head:
    """The start of the file at `path`.

    Raises:
        StorageError: no such file, no permission.
        DataContractError: empty, binary, HTML, or compressed in a way that is not read.
    """
    with opened(path) as stream:
        start = stream.read(HEAD_BYTES)
    if not start.strip():
        raise DataContractError(
            "the file is empty", where=str(path), remedy="give a trace with at least one request"
        )
    if start.startswith(_PARQUET):
        from acceltrial.traces.tabular import parquet_columns

        return Head(path, (), parquet_columns(path))
    _refuse_foreign(path, start)
    text = start.decode("utf-8-sig", errors="replace")
    # A prompt in a JSON string may hold other characters that `splitlines` takes for line ends.
    lines = re.split(r"\r\n|\n|\r", text)
    if len(start) == HEAD_BYTES and len(lines) > 1:
        lines = lines[:-1]
    return Head(path, tuple(line for line in lines if line.strip()))


def line_blocks(path: Path, block_bytes: int = BLOCK_BYTES, *, quoted: bool = True) -> Iterator[bytes]:
    """Blocks of whole lines; where `quoted`, a newline inside a quoted CSV field does not end a line.

    Raises:
        DataContractError: a damaged or truncated gzip stream, or an endless line.
        StorageError: the file cannot be read.
    """
    rest = b""
    with opened(path) as stream:
        while chunk := stream.read(block_bytes):
            data = rest + chunk
            cut = _last_line_end(data) if quoted else data.rfind(b"\n") + 1
            if cut:
                yield data[:cut]
            rest = data[cut:]
            if len(rest) > LINE_BYTES:
                raise DataContractError(
                    f"a line is longer than {LINE_BYTES >> 20} MiB",
                    where=str(path),
                    remedy="check that the file has one request a line, and that every quote is closed",
                )
    if rest.strip():
        yield rest


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """The file's bytes, decompressed when it is gzip whatever its name. Raises as `line_blocks`."""
    try:
        if not path.is_file():
            raise StorageError(
                "no such file" if not path.exists() else "not a regular file",
                where=str(path),
                remedy="give the path of a trace file",
            )
        with path.open("rb") as raw:
            packed = raw.read(2) == _GZIP
        with gzip.open(path) if packed else path.open("rb") as stream:
            yield cast("IO[bytes]", stream)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataContractError(
            f"the gzip stream is damaged or cut short ({error})",
            where=str(path),
            remedy="fetch the file again and compare its size with the source's",
        ) from error
    except OSError as error:
        raise storage_error(error, path) from error


def _last_line_end(data: bytes) -> int:
    cut = data.rfind(b"\n") + 1
    quotes = data.count(b'"', 0, cut)
    while cut and quotes % 2:
        earlier = data.rfind(b"\n", 0, cut - 1) + 1
        quotes -= data.count(b'"', earlier, cut)
        cut = earlier
    return cut


def _refuse_foreign(path: Path, start: bytes) -> None:
    for magic, name in _FOREIGN.items():
        if start.startswith(magic):
            raise DataContractError(
                f"the file is {name}",
                where=str(path),
                remedy="give plain or gzip UTF-8 text (CSV, JSON lines) or Parquet",
            )
    if start.lstrip().startswith(b"<"):
        raise DataContractError(
            "the file is HTML or XML, not a trace",
            where=str(path),
            remedy="a download page was probably saved in place of the file: fetch the raw file",
        )
    if b"\0" in start:
        raise DataContractError(
            "the file is binary, not text",
            where=str(path),
            remedy="give UTF-8 text (CSV, JSON lines) or Parquet",
        )
