"""Where an HTTP/1.1 response ends. Nothing else is looked at while the run goes on.

Lines may end in a bare LF, as RFC 9112 (2.2) lets a recipient accept; some small servers write them so.
"""

from __future__ import annotations

MAX_HEADER = 65_536
MAX_SIZE_LINE = 1_024
UNTIL_CLOSE = -1
_CR = 13


class MalformedResponse(Exception):  # noqa: N818 - a finding about the server, not a fault of ours
    """The bytes are not HTTP/1.x."""


class Framing:
    """Follows one response in a growing buffer, however the bytes are split.

    Attributes:
        body_at: offset of the body, or -1 while the header is incomplete.
        status: the status code, 0 while unknown.
        chunked: whether the body is in chunks.
        strict: whether a chunk with CRLF line ends was seen: only an empty line of that kind ends the body.
        length: bytes of the body; UNTIL_CLOSE where only the end of the connection tells.
        keep_alive: whether the connection may carry another request.
        end: offset behind the response once it is complete.
    """

    __slots__ = (
        "_head_at",
        "_header_seen",
        "_header_told",
        "_walk",
        "body_at",
        "chunked",
        "end",
        "keep_alive",
        "length",
        "status",
        "strict",
    )

    def __init__(self) -> None:
        self._header_seen = b""
        self._header_told = (0, False, UNTIL_CLOSE, True)
        self.reset()

    def reset(self) -> None:
        """Ready for the next response."""
        self.body_at = -1
        self.status = 0
        self.chunked = False
        self.strict = False
        self.length = UNTIL_CLOSE
        self.keep_alive = True
        self.end = -1
        self._walk = 0
        self._head_at = 0

    def complete(self, buffer: bytearray) -> bool:
        """Whether `buffer` holds the whole response. Raises MalformedResponse."""
        if self.body_at < 0 and not self.header(buffer):
            return False
        if self.chunked:
            # Only a read that ends so can close the last chunk: the walk is skipped for nearly every token.
            return (not self.strict or buffer.endswith(b"\r\n\r\n")) and self._walk_chunks(buffer)
        if self.length >= 0:
            self.end = self.body_at + self.length
            return len(buffer) >= self.end
        return False

    def complete_at_close(self, buffer: bytearray) -> bool:
        """Whether the end of the connection is a proper end of the response."""
        if self.body_at < 0:
            return False
        if self.chunked:
            return self._walk_chunks(buffer)
        if self.length >= 0:
            return len(buffer) >= self.body_at + self.length
        self.end = len(buffer)
        return True

    def header(self, buffer: bytes | bytearray) -> bool:
        """Reads the header; False while it is not all there. Raises MalformedResponse."""
        while True:
            start = self._head_at
            if not b"HTTP/1.".startswith(buffer[start : start + 7]):
                raise MalformedResponse(f"the response starts with {bytes(buffer[start : start + 20])!r}")
            end = _behind_empty_line(buffer, start)
            if end < 0:
                if len(buffer) - start > MAX_HEADER:
                    raise MalformedResponse(f"no end of the header within {MAX_HEADER} bytes")
                return False
            header = bytes(buffer[start:end])
            if header != self._header_seen:
                self._read_header(header)
                self._header_seen = header
                self._header_told = (self.status, self.chunked, self.length, self.keep_alive)
            # A server's headers are the same for many answers: they need not be read again.
            self.status, self.chunked, self.length, self.keep_alive = self._header_told
            if self.status < 100 or self.status >= 200:
                self.body_at = self._walk = end
                return True
            # An interim response (100 Continue, 103 Early Hints) only precedes the real one.
            self._head_at = end

    def _read_header(self, header: bytes) -> None:
        lines = header.split(b"\n")
        try:
            self.status = int(lines[0].split(None, 2)[1])
        except (IndexError, ValueError) as error:
            raise MalformedResponse(f"status line {lines[0][:60]!r}") from error
        if not 100 <= self.status <= 999:
            raise MalformedResponse(f"status line {lines[0][:60]!r}")
        self.keep_alive = not lines[0].startswith(b"HTTP/1.0")
        for line in lines[1:]:
            name, _, value = line.partition(b":")
            self._read_field(name.strip().lower(), value.strip().lower())
        if self.status in (204, 304):
            self.chunked, self.length = False, 0
        elif not self.chunked and self.length == UNTIL_CLOSE:
            self.keep_alive = False

    def _read_field(self, name: bytes, value: bytes) -> None:
        if name == b"content-length":
            if not value.isdigit() or self.length not in (UNTIL_CLOSE, int(value)):
                raise MalformedResponse(f"Content-Length {value[:40]!r}")
            self.length = int(value)
        elif name == b"transfer-encoding" and value.endswith(b"chunked"):
            self.chunked = True
        elif name == b"connection":
            self.keep_alive = b"close" not in value and (self.keep_alive or b"keep-alive" in value)

    def _walk_chunks(self, buffer: bytearray) -> bool:
        position = self._walk
        while True:
            end_of_line = buffer.find(b"\n", position, position + MAX_SIZE_LINE)
            if end_of_line < 0:
                if len(buffer) - position >= MAX_SIZE_LINE:
                    raise MalformedResponse("a chunk's size line does not end")
                break
            try:
                size = int(buffer[position:end_of_line], 16)
            except ValueError:
                size = -1
            if size < 0:
                size = chunk_size(buffer, position, end_of_line)  # with an extension, or malformed
            if size == 0:
                self._walk = position
                self.end = _behind_empty_line(buffer, end_of_line)
                return self.end >= 0
            following = _behind_line_end(buffer, end_of_line + 1 + size)
            if following < 0:
                break
            self.strict = self.strict or (buffer[end_of_line - 1] == _CR and buffer[following - 2] == _CR)
            position = following
        self._walk = position
        return False


def _behind_line_end(buffer: bytearray | bytes, at: int) -> int:
    """The offset behind the line end at `at`; -1 while it is not all there. Raises MalformedResponse."""
    ending = buffer[at : at + 2]
    if ending[:1] == b"\n":
        return at + 1
    if ending == b"\r\n":
        return at + 2
    if not b"\r\n".startswith(ending):
        raise MalformedResponse("a chunk does not end where its size says")
    return -1


def chunk_size(buffer: bytearray | bytes | memoryview, start: int, end: int) -> int:
    """The size that a chunk's first line states. Raises MalformedResponse."""
    text = bytes(buffer[start:end]).rstrip(b"\r")
    try:
        if not text.isalnum():
            text = text.split(b";", 1)[0].strip()
        if not text.isalnum():
            raise ValueError(text)
        return int(text, 16)
    except ValueError as error:
        raise MalformedResponse(f"chunk size {text[:40]!r}") from error


def _behind_empty_line(buffer: bytes | bytearray, start: int) -> int:
    """The offset behind the first empty line, of either kind; -1 where there is none yet."""
    strict = buffer.find(b"\n\r\n", start)
    bare = buffer.find(b"\n\n", start, strict + 1 if strict >= 0 else len(buffer))
    if bare >= 0:
        return bare + 2
    return strict + 3 if strict >= 0 else -1
