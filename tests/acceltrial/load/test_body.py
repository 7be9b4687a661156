"""Bodies taken apart, and which read brought each byte."""

from __future__ import annotations

from array import array

from hypothesis import given
from hypothesis import strategies as st

from acceltrial.load.body import StampOf, body_of, events, events_by_line
from acceltrial.load.framing import Framing
from acceltrial.load.spill import RawRecord

HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
LINES = st.sampled_from(
    [
        b"data: a",
        b"data:b",
        b"data:",
        b"data:  c ",
        b"event: x",
        b": note",
        b"id: 1",
        b"",
        b"",
        b"junk",
        b"data: d\r",
        b"\r",
    ]
)


def chunked(pieces: list[bytes]) -> bytes:
    return HEAD + b"".join(b"%x\r\n%s\r\n" % (len(one), one) for one in pieces if one) + b"0\r\n\r\n"


@given(st.lists(LINES, max_size=30))
def test_the_short_way_finds_what_the_long_one_does(lines: list[bytes]) -> None:
    body = b"\n".join(lines)
    assert [data for data, _ in events(body)] == [data for data, _ in events_by_line(body)]


@given(st.lists(LINES, max_size=30))
def test_an_event_ends_where_its_last_byte_lies(lines: list[bytes]) -> None:
    body = b"\n".join(lines)
    ends = [end for _, end in events(body)]
    assert ends == sorted(set(ends))
    assert all(body[end - 1 : end] in (b"\n", b"\r") for end in ends)


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=8), st.integers(0, 60))
def test_chunks_are_joined_and_places_found_again(pieces: list[bytes], cut: int) -> None:
    raw = chunked(pieces)
    framing = Framing()
    assert framing.header(raw)
    body, places = body_of(raw, framing)
    assert body == b"".join(pieces)
    for offset in range(len(body)):
        assert raw[places.raw_offset(offset)] == body[offset]
    torn, _ = body_of(raw[: max(len(HEAD), len(raw) - cut)], framing)
    assert body.startswith(torn)


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=8))
def test_chunks_whose_lines_end_in_a_bare_line_feed(pieces: list[bytes]) -> None:
    raw = HEAD.replace(b"\r", b"") + b"".join(b"%x\n%s\n" % (len(one), one) for one in pieces) + b"0\n\n"
    framing = Framing()
    assert framing.header(raw)
    body, places = body_of(raw, framing)
    assert body == b"".join(pieces)
    assert all(raw[places.raw_offset(offset)] == body[offset] for offset in range(len(body)))


@given(st.lists(st.integers(1, 30), min_size=1, max_size=20))
def test_a_byte_has_the_stamp_of_the_read_that_brought_it(sizes: list[int]) -> None:
    ends, stamps, expected = array("q"), array("q"), []
    total = 0
    for number, size in enumerate(sizes):
        total += size
        ends.append(total)
        stamps.append(1_000 + number)
        expected += [1_000 + number] * size
    raw = RawRecord(0, 0, 0, 0, 0, 0, 0, "", False, False, False, stamps, ends, b"", "")
    stamp_of = StampOf(raw)
    assert [stamp_of(offset) for offset in range(total)] == expected
    assert stamp_of(total + 5) == stamps[-1]
