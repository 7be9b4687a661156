"""Messages as bytes: framing, hostile heads, and the split's rules without sockets."""

from __future__ import annotations

import asyncio
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acceltrial.canary.lease import RefusedError
from acceltrial.canary.relay.body import in_template, with_fields, with_headers
from acceltrial.canary.relay.control import SplitState
from acceltrial.canary.relay.forward import Exchange
from acceltrial.canary.relay.http import Head, RelayError, pass_body, read_head


def read(data, coroutine):
    async def run():
        reader = asyncio.StreamReader(limit=65536)
        reader.feed_data(data)
        reader.feed_eof()
        return await coroutine(reader)

    return asyncio.run(run())


def body_of(head, data, *, until_close=True):
    sink = bytearray()
    size = read(data, lambda reader: pass_body(head, reader, sink.extend, until_close=until_close))
    return size, bytes(sink)


def head_with(*headers):
    return Head(b"HTTP/1.1 200 OK", tuple(headers))


@given(parts=st.lists(st.binary(min_size=1, max_size=300), max_size=6))
@settings(max_examples=50, deadline=None)
def test_chunks_pass_byte_for_byte(parts):
    wire = b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in parts) + b"0\r\n\r\n"
    size, seen = body_of(head_with((b"transfer-encoding", b"chunked")), wire)
    assert (size, seen) == (sum(map(len, parts)), wire)


@given(body=st.binary(max_size=5000))
@settings(max_examples=30, deadline=None)
def test_a_length_is_kept(body):
    size, seen = body_of(head_with((b"content-length", b"%d" % len(body))), body + b"next message")
    assert (size, seen) == (len(body), body)


def test_without_framing_the_body_goes_to_the_end_or_is_none():
    assert body_of(head_with(), b"until the end") == (13, b"until the end")
    assert body_of(head_with(), b"until the end", until_close=False) == (0, b"")


@pytest.mark.parametrize(
    ("header", "data"),
    [
        ((b"content-length", b"10"), b"short"),
        ((b"content-length", b"many"), b"x"),
        ((b"transfer-encoding", b"chunked"), b"zz\r\nxx\r\n"),
        ((b"transfer-encoding", b"chunked"), b"5\r\nab"),
    ],
)
def test_broken_bodies_are_errors(header, data):
    with pytest.raises(RelayError):
        body_of(head_with(header), data)


@pytest.mark.parametrize("data", [b"GET / HTTP/1.1\r\nbad\r\n\r\n", b"GET /", b"x" * 70_000])
def test_broken_heads_are_errors(data):
    with pytest.raises(RelayError):
        read(data, read_head)


def test_a_closed_connection_has_no_head():
    assert read(b"", read_head) is None


def test_keep_alive_follows_the_version_and_the_header():
    assert head_with().keep_alive
    assert not head_with((b"connection", b"Close")).keep_alive
    assert not Head(b"HTTP/1.0 200 OK", ()).keep_alive
    assert Head(b"HTTP/1.0 200 OK", ((b"connection", b"keep-alive"),)).keep_alive


def test_a_refused_command_changes_nothing():
    state = SplitState(0)
    state.set_share(0.2, "a", 60)
    for share, holder in ((2.0, "a"), (0.5, "b")):
        with pytest.raises(RefusedError):
            state.set_share(share, holder, 60)
    assert state.state()["share"] == 0.2
    with pytest.raises(RefusedError):
        state.lease.settle("b")


def test_records_are_given_once_and_in_order():
    state = SplitState(0)
    for i in range(5):
        exchange = Exchange("canary" if i % 2 else "baseline", started=0.0, status=200)
        state.begin(exchange)
        exchange.ended = float(i)
        state.end(exchange)
    assert len(state.since(0)["records"]) == 5
    assert len(state.since(3)["records"]) == 2
    assert state.since(5) | {"now_s": 0} == {"now_s": 0, "next": 5, "records": [], "open": []}


@pytest.mark.parametrize(
    ("status", "error", "ok"), [(200, "", True), (404, "", True), (500, "", False), (429, "", False),
                                (None, "connect", False), (200, "reset", False)],
)  # fmt: skip
def test_what_counts_as_a_failure_of_the_arm(status, error, ok):
    assert Exchange("canary", 0.0, status=status, error=error).ok is ok


POSTED = Head(b"POST / HTTP/1.1", ((b"content-length", b"40"), (b"authorization", b"of the client")))


def test_a_prompt_is_put_in_a_template_and_its_length_told():
    head, spoilt = in_template(POSTED, b'{"prompt": "a PROMPT", "max_tokens": 2}', "<s>PROMPT</s>")
    assert b'"prompt": "<s>a PROMPT</s>"' in spoilt
    assert head.get(b"content-length") == b"%d" % len(spoilt)
    for other in (b"", b"no json", b"[]", b'{"prompt": 3}', b'{"messages": []}'):
        assert in_template(POSTED, other, "<s>PROMPT</s>") == (POSTED, other)


def test_a_request_is_put_into_a_servers_own_terms():
    head, body = with_fields(POSTED, b'{"model": "m", "prompt": "p"}', {"model": "/a", "ignore_eos": True})
    assert json.loads(body) == {"model": "/a", "prompt": "p", "ignore_eos": True}
    assert head.get(b"content-length") == b"%d" % len(body)
    for other in (b"", b"no json", b"[]"):
        assert with_fields(POSTED, other, {"model": "/a"}) == (POSTED, other)
    assert with_headers(POSTED, {b"authorization": b"of the arm"}).headers[1:] == (
        (b"authorization", b"of the arm"),
    )
