"""The raw record of one exchange, as the load process writes it and the parent reads it.

A record is a fixed header, the stamp of every socket read, the buffer length after every read,
the bytes received and a short text. Times are nanoseconds of the monotonic clock; 0 means that
it did not happen.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_HEADER = struct.Struct("<qqqqqqqBBHII")
_BUFFER = 65_536

COMPLETE = ""
OUTCOMES = (
    COMPLETE,
    "connect_refused",
    "connect_failed",
    "tls_failed",
    "tls_certificate_expired",
    "tls_host_name",
    "tls_untrusted",
    "timeout_connect",
    "timeout_send",
    "timeout_first_byte",
    "timeout_body",
    "reset",
    "closed_early",
    "malformed_http",
    "response_too_large",
    "interrupted",
    "timeout_waiting",
)
"""How an exchange can end on the wire; what the bytes mean is judged after the run."""

_CODES = {name: code for code, name in enumerate(OUTCOMES)}
REUSED, RETRIED, WARM_UP = 1, 2, 4


@dataclass(frozen=True, slots=True)
class RawRecord:
    """One exchange before parsing."""

    index: int
    intended_ns: int
    sent_ns: int
    dialled_ns: int
    connected_ns: int
    secured_ns: int
    finished_ns: int
    outcome: str
    reused: bool
    retried: bool
    warm_up: bool
    stamps_ns: array[int]
    ends: array[int]
    data: bytes
    detail: str


class SpillWriter:
    """Appends raw records to a file, so that memory does not grow with the run."""

    def __init__(self, path: Path) -> None:
        # A small buffer keeps the longest write short: the loop waits for it.
        self._file = path.open("wb", buffering=_BUFFER)

    def write(
        self,
        index: int,
        times_ns: tuple[int, int, int, int, int, int],
        outcome: str,
        flags: int,
        stamps_ns: array[int],
        ends: array[int],
        data: bytes | bytearray,
        detail: str = "",
    ) -> None:
        """Appends one record; `times_ns` are intended, sent, dialled, connected, secured, finished."""
        text = detail.encode()[:2_000]
        write = self._file.write
        write(_HEADER.pack(index, *times_ns, _CODES[outcome], flags, len(text), len(stamps_ns), len(data)))
        if stamps_ns:
            write(stamps_ns.tobytes())
            write(ends.tobytes())
            write(data)
        if text:
            write(text)

    def close(self) -> None:
        """Everything is on disk afterwards."""
        self._file.close()


def read_spill(path: Path) -> Iterator[RawRecord]:
    """The records of a spill file in the order in which they ended; a torn last record is dropped."""
    with path.open("rb", buffering=1 << 20) as file:
        while (record := _read_record(file)) is not None:
            yield record


def _read_record(file: BinaryIO) -> RawRecord | None:
    head = file.read(_HEADER.size)
    if len(head) < _HEADER.size:
        return None
    index, *times, code, flags, text_size, reads, size = _HEADER.unpack(head)
    stamps, ends = array("q"), array("q")
    try:
        stamps.frombytes(file.read(8 * reads))
        ends.frombytes(file.read(8 * reads))
    except ValueError:
        return None
    data = file.read(size) if reads else b""
    text = file.read(text_size)
    if len(stamps) < reads or len(ends) < reads or len(text) < text_size:
        return None
    intended, sent, dialled, connected, secured, finished = times
    return RawRecord(
        index,
        intended,
        sent,
        dialled,
        connected,
        secured,
        finished,
        OUTCOMES[code],
        bool(flags & REUSED),
        bool(flags & RETRIED),
        bool(flags & WARM_UP),
        stamps,
        ends,
        data,
        text.decode(errors="replace"),
    )
