"""The body of one answer: chunks joined, server-sent events taken apart, and which read brought each byte."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from acceltrial.load.framing import Framing, MalformedResponse, chunk_size
from acceltrial.load.spill import RawRecord

_BOM = b"\xef\xbb\xbf"
_LINE_END = re.compile(rb"\r\n|\n|\r")


@dataclass(slots=True)
class Places:
    """Where the pieces of the body lie in the received buffer; asked in rising order only."""

    body_starts: list[int]
    raw_starts: list[int]
    _piece: int = 0

    def raw_offset(self, offset: int) -> int:
        """The place in the received bytes of a place in the body."""
        starts, piece = self.body_starts, self._piece
        while piece + 1 < len(starts) and starts[piece + 1] <= offset:
            piece += 1
        self._piece = piece
        return self.raw_starts[piece] + offset - starts[piece]


def body_of(buffer: bytes, framing: Framing) -> tuple[bytes, Places]:
    """The body of the answer in `buffer`, as far as it came, and where its pieces lie there."""
    if not framing.chunked:
        end = len(buffer) if framing.length < 0 else framing.body_at + framing.length
        return buffer[framing.body_at : end], Places([0], [framing.body_at])
    body_starts: list[int] = []
    raw_starts: list[int] = []
    pieces: list[bytes] = []
    total, position, find = 0, framing.body_at, buffer.find
    while (end_of_line := find(b"\n", position)) >= 0:
        try:
            size = chunk_size(buffer, position, end_of_line)
        except MalformedResponse:
            break
        if size == 0:
            break
        start = end_of_line + 1
        piece = buffer[start : start + size]
        body_starts.append(total)
        raw_starts.append(start)
        pieces.append(piece)
        total += len(piece)
        position = start + size + (1 if buffer.startswith(b"\n", start + size) else 2)
    if not pieces:
        return b"", Places([0], [framing.body_at])
    return b"".join(pieces), Places(body_starts, raw_starts)


def events(body: bytes) -> Iterator[tuple[bytes, int]]:
    """The data of every complete server-sent event with the offset behind the event's last byte."""
    if b"\r" in body or b"\n:" in body or body[:5] != b"data:":
        yield from events_by_line(body)
        return
    # Nearly every server: events of one `data:` line each, parted by an empty line.
    position = 0
    while (end := body.find(b"\n\n", position)) >= 0:
        block = body[position:end]
        position = end + 2
        if b"\n" in block or block[:5] != b"data:":
            for data, _ in events_by_line(block + b"\n\n"):
                yield data, position
        else:
            yield block[6:] if block[5:6] == b" " else block[5:], position


def events_by_line(body: bytes) -> Iterator[tuple[bytes, int]]:
    """The same for any stream the standard allows: comments, other fields, several data lines, CRLF, CR."""
    lines: list[bytes] = []
    position = len(_BOM) if body.startswith(_BOM) else 0
    for end in _LINE_END.finditer(body):
        line = body[position : end.start()]
        position = end.end()
        if line.startswith(b"data:"):
            lines.append(line[6:] if line[5:6] == b" " else line[5:])
        elif not line and lines:
            yield b"\n".join(lines), position
            lines = []


class StampOf:
    """The stamp of the read that brought a byte; asked in rising order only."""

    __slots__ = ("_ends", "_read", "_stamps")

    def __init__(self, raw: RawRecord) -> None:
        self._ends, self._stamps, self._read = raw.ends, raw.stamps_ns, 0

    def __call__(self, offset: int) -> int:
        """Nanoseconds of the monotonic clock; the last read's where the offset lies beyond it."""
        ends, read = self._ends, self._read
        last = len(ends) - 1
        while read < last and ends[read] <= offset:
            read += 1
        self._read = read
        return self._stamps[read]
