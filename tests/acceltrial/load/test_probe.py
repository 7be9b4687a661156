"""Asking the server how it counts."""

from __future__ import annotations

import socket

from acceltrial.load import LoadPlan, Schedule, serve_reference
from acceltrial.load.address import resolve
from acceltrial.load.probe import probe_rate
from tests.acceltrial.load.conftest import answering, socket_server, whole


def plan(port: int) -> LoadPlan:
    return LoadPlan(
        f"http://127.0.0.1:{port}/v1",
        "completions",
        "m",
        Schedule.open_loop(rate_rps=1, requests=1),
        timeout_s=1.0,
    )


def probe(port: int) -> object:
    return probe_rate(plan(port), resolve(f"http://127.0.0.1:{port}/v1"))


def test_known_and_unknown() -> None:
    with serve_reference() as reference:
        found = probe(reference.port)
    assert (found.per_word, found.fixed) == (1.0, 0.0)
    assert found.source.startswith("a probe")
    for answer in (
        whole(b"<html>"),
        whole(b"[]"),
        whole(b'{"usage":{}}'),
        b"nonsense",
        whole(b'{"usage":{"prompt_tokens":3}}'),
    ):
        with socket_server(answering(answer)) as port:
            assert probe(port).source.startswith("assumed one token a word")
    with socket.create_server(("127.0.0.1", 0)) as hanging:
        assert "assumed" in probe(hanging.getsockname()[1]).source
