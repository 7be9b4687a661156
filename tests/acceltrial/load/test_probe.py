"""Asking the server how it counts."""

from __future__ import annotations

import json
import socket
from dataclasses import replace

from acceltrial.load import LoadPlan, Schedule, serve_reference
from acceltrial.load.address import resolve
from acceltrial.load.probe import probe_dialect, probe_rate
from tests.acceltrial.load.conftest import answering, read_request, socket_server, whole


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


def test_a_refused_field_is_left_out_and_a_silent_server_loses_nothing() -> None:
    def strict(connection: socket.socket) -> None:
        while request := read_request(connection):
            sent = json.loads(request.partition(b"\r\n\r\n")[2])
            refused = b'{"detail":"Unexpected fields: ignore_eos, min_tokens"}'
            taken = not sent.keys() & {"ignore_eos", "min_tokens"}
            connection.sendall(whole(b"{}") if taken else whole(refused, "422 Unprocessable"))

    with socket_server(strict) as port:
        asked = replace(plan(port), ignore_eos=True, negotiate=True)
        found = probe_dialect(asked, resolve(asked.base_url))
    assert set(found.left_out) == {"ignore_eos", "min_tokens"}
    assert "422" in found.left_out["ignore_eos"]
    gone = plan(9)
    silent = probe_dialect(gone, resolve(gone.base_url))
    assert (silent.left_out, "refused" in silent.problem) == ({}, True)
    assert "refused" in probe_rate(gone, resolve(gone.base_url), silent).source
