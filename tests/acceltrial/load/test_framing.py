"""The end of a response is found however its bytes are split."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acceltrial.load.framing import UNTIL_CLOSE, Framing, MalformedResponse


def chunked(parts: list[bytes], trailer: bytes = b"") -> bytes:
    body = b"".join(b"%x;ext=1\r\n%s\r\n" % (len(part), part) for part in parts if part)
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body + b"0\r\n" + trailer + b"\r\n"


def bare(whole: bytes) -> bytes:
    """The same with lines that end in a bare LF, where the line ends are not content."""
    return whole.replace(b"\r\n", b"\n")


def feed(pieces: list[bytes]) -> tuple[Framing, int]:
    """The framing and the number of pieces after which the response was complete (0 for never)."""
    framing, buffer = Framing(), bytearray()
    for number, piece in enumerate(pieces, 1):
        buffer += piece
        if framing.complete(buffer):
            return framing, number
    return framing, 0


@given(
    st.lists(st.binary(max_size=40) | st.just(b"0\r\n\r\n") | st.just(b"data: x\r\n\r\n"), max_size=6),
    st.lists(st.integers(1, 30), max_size=40),
    st.sampled_from([b"", b"X-Trailer: 1\r\n"]),
)
def test_chunked_splits(parts: list[bytes], sizes: list[int], trailer: bytes) -> None:
    whole = chunked(parts, trailer)
    pieces, position = [], 0
    for size in sizes:
        pieces.append(whole[position : position + size])
        position += size
    pieces = [piece for piece in [*pieces, whole[position:]] if piece]
    framing, number = feed(pieces)
    assert number == len(pieces)
    assert framing.end == len(whole)
    assert framing.keep_alive


@given(
    st.lists(st.binary(max_size=40).map(lambda part: part.replace(b"\r", b" ")), max_size=6),
    st.integers(1, 30),
    st.sampled_from([b"", b"X-Trailer: 1\r\n"]),
)
def test_lines_that_end_in_a_bare_line_feed(parts: list[bytes], size: int, trailer: bytes) -> None:
    whole = bare(chunked(parts, trailer))
    framing, number = feed([whole[i : i + size] for i in range(0, len(whole), size)])
    assert number == -(-len(whole) // size)
    assert (framing.end, framing.status, framing.keep_alive) == (len(whole), 200, True)
    assert not framing.strict


@pytest.mark.parametrize("end", [b"\r\n\r\n", b"\n\n", b"\r\n\n", b"\n\r\n"])
def test_a_header_ends_at_the_first_empty_line(end: bytes) -> None:
    framing, number = feed([b"HTTP/1.1 200 OK\nContent-Length: 6" + end + b"a\r\n\r\nb"])
    assert (number, framing.length) == (1, 6)


@given(st.binary(max_size=60), st.integers(1, 7))
def test_content_length_splits(body: bytes, size: int) -> None:
    whole = b"HTTP/1.1 200 OK\r\ncontent-LENGTH:%d\r\n\r\n%s" % (len(body), body)
    framing, number = feed([whole[i : i + size] for i in range(0, len(whole), size)])
    assert number == -(-len(whole) // size)
    assert framing.length == len(body)


def test_interim_responses() -> None:
    whole = b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" + chunked([b"a"])
    framing, number = feed([whole[i : i + 1] for i in range(len(whole))])
    assert (framing.status, number) == (200, len(whole))


def test_until_close() -> None:
    framing, buffer = Framing(), bytearray(b"HTTP/1.0 200 OK\r\n\r\nsome")
    assert not framing.complete(buffer)
    assert framing.length == UNTIL_CLOSE
    assert not framing.keep_alive
    assert framing.complete_at_close(buffer)
    assert not Framing().complete_at_close(bytearray(b"HTTP/1.1 200"))


@pytest.mark.parametrize(
    ("head", "keep"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: Close\r\n\r\n", False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n", True),
        (b"HTTP/1.1 204 No Content\r\n\r\n", True),
    ],
)
def test_keep_alive(head: bytes, keep: bool) -> None:
    framing, number = feed([head])
    assert number == 1
    assert framing.keep_alive is keep


@pytest.mark.parametrize(
    "data",
    [
        b"<html>",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nxx\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-2\r\nxx\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabcdef\r\n\r\n",
        b"HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n1\nabcdef\n\n",
        b"HTTP/1.1 200 OK\r\n" + b"x" * 70_000,
    ],
)
def test_malformed(data: bytes) -> None:
    with pytest.raises(MalformedResponse):
        feed([data])
