"""Servers that answer rightly, wrongly or not to the end, on real sockets."""

from __future__ import annotations

import gzip
import socket
import time
from collections.abc import Callable

import pytest

from acceltrial.load.run import Drive
from tests.acceltrial.load.conftest import (
    DONE,
    LAST,
    STREAM_HEAD,
    answering,
    chunk,
    classes,
    drive_port,
    event,
    good_stream,
    read_request,
    reset,
    socket_server,
    token,
    usage,
    whole,
)

pytestmark = pytest.mark.usefixtures("nothing_is_left")
Run = Callable[..., Drive]


def test_good_stream(run_against: Run) -> None:
    driven = run_against(answering(good_stream()), requests=6)
    assert classes(driven) == {None}
    row = driven.records.row(0, named=True)
    assert row["text"] == " Grüße 世界 🙂"
    assert (row["input_tokens"], row["output_tokens"], row["chunks"]) == (5, 3, 3)
    assert row["finish_reason"] == "stop"
    assert row["first_byte_s"] <= row["first_token_s"] <= row["token_times_s"][-1] <= row["last_s"]
    assert driven.stats[0]["opened"] == 2
    assert driven.records["connection_reused"].sum() == 4


def test_reset_in_mid_stream(run_against: Run) -> None:
    def break_off(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(STREAM_HEAD + chunk(token(" a")))
        time.sleep(0.05)
        reset(connection)

    driven = run_against(break_off)
    assert classes(driven) == {"reset"}
    # What had come is kept for the record, but the request has failed.
    assert driven.records["chunks"].to_list() == [1] * 4


def test_closed_in_mid_stream(run_against: Run) -> None:
    driven = run_against(answering(STREAM_HEAD + chunk(token(" a")), close=True))
    assert classes(driven) == {"closed_early"}


def test_one_byte_at_a_time(run_against: Run) -> None:
    def dribble(connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while read_request(connection):
            for byte in good_stream():
                connection.send(bytes([byte]))

    driven = run_against(dribble, timeout_s=20.0)
    assert classes(driven) == {None}
    assert set(driven.records["text"]) == {" Grüße 世界 🙂"}


@pytest.mark.parametrize("size", [3, 7, 50])
def test_split_anywhere(run_against: Run, size: int) -> None:
    def split(connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        answer = good_stream()
        while read_request(connection):
            for start in range(0, len(answer), size):
                connection.sendall(answer[start : start + size])
                time.sleep(0.0005)

    driven = run_against(split, timeout_s=20.0, requests=2)
    assert classes(driven) == {None}
    assert set(driven.records["text"]) == {" Grüße 世界 🙂"}
    times = driven.records["token_times_s"][0].to_list()
    assert times == sorted(times)
    assert times[0] < times[-1]


def test_several_events_in_one_read(run_against: Run) -> None:
    body = b"".join(token(f" {i}") for i in range(8)) + usage(5, 16) + DONE
    driven = run_against(answering(STREAM_HEAD + chunk(body) + LAST))
    assert classes(driven) == {None}
    row = driven.records.row(0, named=True)
    assert (row["chunks"], row["output_tokens"]) == (8, 16)
    assert len(set(row["token_times_s"])) == 1


def test_never_sends_done(run_against: Run) -> None:
    ended = STREAM_HEAD + chunk(token(" a", "stop")) + LAST
    driven = run_against(answering(ended))
    assert classes(driven) == {None}
    assert "never sent [DONE]" in driven.records["notes"][0]
    cut = STREAM_HEAD + chunk(token(" a")) + LAST
    assert classes(run_against(answering(cut))) == {"stream_incomplete"}
    hanging = STREAM_HEAD + chunk(token(" a", "stop"))
    assert classes(run_against(answering(hanging), timeout_s=0.3)) == {"timeout_body"}


def test_done_but_the_response_never_ends(run_against: Run) -> None:
    answer = STREAM_HEAD + chunk(token(" a", "stop")) + chunk(DONE)
    driven = run_against(answering(answer), timeout_s=0.3)
    assert classes(driven) == {"timeout_body"}
    assert "[DONE] had been sent" in driven.records["notes"][0]


def test_no_usage(run_against: Run) -> None:
    driven = run_against(answering(STREAM_HEAD + chunk(token(" a", "stop")) + chunk(DONE) + LAST))
    assert classes(driven) == {None}
    assert driven.records["output_tokens"].to_list() == [None] * 4
    assert "no usage" in driven.records["notes"][0]


def test_usage_that_disagrees(run_against: Run) -> None:
    body = chunk(token(" a")) + chunk(token(" b", "stop")) + chunk(usage(5, 1)) + chunk(DONE)
    driven = run_against(answering(STREAM_HEAD + body + LAST))
    assert classes(driven) == {None}
    assert "disagrees" in driven.records["notes"][0]


@pytest.mark.parametrize(
    ("value", "expected"), [("7", 7.0), (None, None), ("Wed, 21 Oct 2026 07:28:00 GMT", None)]
)
def test_too_many_requests(run_against: Run, value: str | None, expected: float | None) -> None:
    extra = f"Retry-After: {value}\r\n" if value else ""
    driven = run_against(answering(whole(b"{}", "429 Too Many Requests", extra)))
    assert classes(driven) == {"http_429"}
    assert driven.records["retry_after_s"][0] == expected


def test_server_errors_and_redirects(run_against: Run) -> None:
    driven = run_against(answering(whole(b"<h1>boom</h1>", "500 Internal Server Error")))
    assert classes(driven) == {"http_500"}
    assert "boom" in driven.records["error_detail"][0]
    moved = run_against(answering(whole(b"", "302 Found", "Location: http://elsewhere/\r\n")))
    assert classes(moved) == {"http_302"}
    assert "not followed" in moved.records["error_detail"][0]


def test_html(run_against: Run) -> None:
    assert classes(run_against(answering(whole(b"<html>log in</html>")))) == {"not_json"}
    assert classes(run_against(answering(b"<html>no HTTP at all</html>"))) == {"malformed_http"}


def test_error_event_in_the_stream(run_against: Run) -> None:
    body = chunk(token(" a")) + chunk(event({"error": {"message": "out of memory"}})) + chunk(DONE)
    driven = run_against(answering(STREAM_HEAD + body + LAST))
    assert classes(driven) == {"error_event"}
    assert "out of memory" in driven.records["error_detail"][0]


def test_an_endless_line(run_against: Run) -> None:
    def flood(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: ")
        block = b"x" * 1_000_000
        for _ in range(100):
            connection.sendall(block)

    driven = run_against(flood, requests=2, timeout_s=20.0, max_response_bytes=8_000_000)
    assert classes(driven) == {"response_too_large"}
    assert driven.stats[0]["peak_rss_mb"] < 120


def test_a_header_without_end(run_against: Run) -> None:
    driven = run_against(answering(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 50_000))
    assert classes(driven) == {"malformed_http"}


def test_http_1_0_closes(run_against: Run) -> None:
    body = token(" a") + token(" b", "stop") + usage(5, 2) + DONE
    answer = b"HTTP/1.0 200 OK\r\nContent-Type: text/event-stream\r\n\r\n" + body
    driven = run_against(answering(answer, close=True))
    assert classes(driven) == {None}
    assert driven.stats[0]["opened"] == 4


def test_interim_responses_are_passed_over(run_against: Run) -> None:
    driven = run_against(answering(b"HTTP/1.1 100 Continue\r\n\r\n" + good_stream()))
    assert classes(driven) == {None}


def streamed(body: bytes, extra: bytes = b"") -> bytes:
    """An event stream of known length."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n" + extra
    return head + b"Content-Length: %d\r\n\r\n" % len(body) + body


EVENTS = token(" a") + token(" b", "stop") + usage(5, 2) + DONE


@pytest.mark.parametrize(
    "body",
    [
        EVENTS.replace(b"data: ", b"data:"),
        EVENTS.replace(b"\n", b"\r\n"),
        EVENTS.replace(b"\n", b"\r"),
        b"\xef\xbb\xbf" + EVENTS,
        b": ping\n\nretry: 9\nevent: message\nid: 1\n"
        + EVENTS.replace(b"\n\nd", b"\n\n: ping\n\nevent: x\nd"),
    ],
    ids=["no space", "CRLF", "CR", "byte order mark", "comments and fields"],
)
def test_streams_that_the_standard_allows(run_against: Run, body: bytes) -> None:
    records = run_against(answering(streamed(body)), requests=2).records
    assert records["error_class"].to_list() == [None, None]
    assert records.select("chunks", "output_tokens", "text").unique().rows() == [(2, 2, " a b")]


@pytest.mark.parametrize(
    "stated",
    ["-3", "9223372036854775808", "1e300", '"5"', "5.5", "true"],
)
def test_usage_that_is_no_count(run_against: Run, stated: str) -> None:
    told = b'data: {"choices":[],"usage":{"prompt_tokens":%s,"completion_tokens":%s}}\n\n'
    body = token(" a", "stop") + told.replace(b"%s", stated.encode()) + DONE
    records = run_against(answering(streamed(body)), requests=2).records
    assert records.select("error_class", "output_tokens", "input_tokens").unique().rows() == [(None,) * 3]
    assert "usage that is no count" in records["notes"][0]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (streamed(gzip.compress(EVENTS), b"Content-Encoding: gzip\r\n"), "content_encoded"),
        (STREAM_HEAD + b"3\r\n" + token("x") + b"\r\n" + LAST, "malformed_http"),
        (STREAM_HEAD + b"ffff\r\n" + token("x") + b"\r\n" + LAST, "timeout_body"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 4\r\n\r\n{}", "malformed_http"),
        (b"HTTP/1.1 -1 X\r\nContent-Length: 2\r\n\r\n{}", "malformed_http"),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "malformed_http"),
        (streamed(usage(1, 1).replace(b"1", b"NaN") + DONE), "malformed_event"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 9, "timeout_body"),
    ],
    ids=[
        "gzip",
        "chunk too long",
        "chunk too short",
        "two lengths",
        "status",
        "HTTP/2",
        "NaN",
        "interim only",
    ],
)
def test_answers_that_lie(run_against: Run, answer: bytes, expected: str) -> None:
    assert classes(run_against(answering(answer), requests=2, timeout_s=0.5)) == {expected}


def test_an_answer_before_the_request() -> None:
    def early(connection: socket.socket) -> None:
        connection.sendall(whole(b'{"error":"busy"}', "503 Busy", "Connection: close\r\n"))
        read_request(connection)

    with socket_server(early) as port:
        assert classes(drive_port(port, requests=2)) == {"http_503"}


BARE = good_stream().replace(b"\r\n", b"\n")


@pytest.mark.parametrize(
    "answer",
    [
        BARE,
        STREAM_HEAD.replace(b"\r\n", b"\n") + good_stream().removeprefix(STREAM_HEAD),
        STREAM_HEAD + BARE.removeprefix(STREAM_HEAD.replace(b"\r\n", b"\n")),
    ],
    ids=["all lines", "header only", "chunks only"],
)
@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_lines_that_end_in_a_bare_line_feed(run_against: Run, answer: bytes, size: int) -> None:
    def handle(connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while read_request(connection):
            for start in range(0, len(answer), size):
                connection.sendall(answer[start : start + size])

    driven = run_against(handle, requests=4)
    assert classes(driven) == {None}
    assert driven.records["text"].to_list() == [" Grüße 世界 🙂"] * 4
    assert driven.records["output_tokens"].to_list() == [3] * 4
    assert driven.stats[0]["opened"] == 2


def test_whole_answers_and_failures_with_bare_line_feeds(run_against: Run) -> None:
    body = b'{"choices":[{"text":" a","finish_reason":"stop"}],"usage":{"completion_tokens":1}}'
    good = whole(body).replace(b"\r\n", b"\n")
    assert classes(run_against(answering(good), stream=False)) == {None}
    busy = whole(b"later", "429 Too Many Requests", "Retry-After: 7\r\n").replace(b"\r\n", b"\n")
    driven = run_against(answering(busy))
    assert classes(driven) == {"http_429"}
    assert driven.records["retry_after_s"].to_list() == [7.0] * 4
    packed = whole(gzip.compress(body), extra="Content-Encoding: gzip\r\n").replace(b"\r\n\r\n", b"\n\n")
    assert classes(run_against(answering(packed), stream=False)) == {"content_encoded"}
