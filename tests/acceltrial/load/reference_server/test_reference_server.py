"""The reference server keeps its promises."""

from __future__ import annotations

import http.client
import json
from typing import Any

import pytest

from acceltrial.errors import TargetUnavailableError
from acceltrial.load import Reference, serve_reference
from acceltrial.load.reference_server import Behaviour


def ask(reference: Reference, path: str, content: Any, method: str = "POST") -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", reference.port, timeout=10)
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    connection.request(method, path, body, {"X-Request-Id": "me"})
    response = connection.getresponse()
    data = response.read()
    connection.close()
    return response.status, data


def test_stream_timing_log_and_reset() -> None:
    with serve_reference(Behaviour(ttft_ms=30, itl_ms=10, tokens=4)) as reference:
        status, data = ask(
            reference,
            "/v1/completions",
            {"prompt": "a b", "stream": True, "stream_options": {"include_usage": True}},
        )
        assert status == 200
        events = [line[6:] for line in data.decode().splitlines() if line.startswith("data: ")]
        assert events[-1] == "[DONE]"
        assert json.loads(events[-2])["usage"] == {
            "prompt_tokens": 2,
            "completion_tokens": 4,
            "total_tokens": 6,
        }
        log = reference.log()
        one = log["requests"][0]
        assert one.request_id == "me"
        assert len(one.written_ns) == 4
        assert one.written_ns[0] - one.read_ns >= 30e6
        assert all(b - a > 5e6 for a, b in zip(one.written_ns[:-1], one.written_ns[1:], strict=True))
        reference.reset()
        assert reference.log()["requests"] == []


def test_several_tokens_an_event_and_slots() -> None:
    with serve_reference(Behaviour(ttft_ms=5, itl_ms=1, tokens_per_chunk=4)) as reference:
        _, data = ask(
            reference,
            "/v1/chat/completions",
            {"messages": [{"role": "user", "content": "hi"}], "stream": True, "max_tokens": 8},
        )
        assert data.decode().count(" word word word word") == 2


def test_whole_answers_and_bad_requests() -> None:
    with serve_reference(Behaviour(ttft_ms=1, itl_ms=1)) as reference:
        _, data = ask(reference, "/v1/chat/completions", {"messages": [{"content": "x"}], "max_tokens": 3})
        assert json.loads(data)["choices"][0]["message"]["content"] == " word word word"
        _, data = ask(reference, "/v1/embeddings", {"input": ["a b", "c"]})
        assert len(json.loads(data)["data"]) == 2
        _, data = ask(reference, "/v1/rerank", {"query": "q", "documents": ["a", "b", "c"]})
        assert len(json.loads(data)["results"]) == 3
        assert ask(reference, "/v1/nothing", {})[0] == 404
        assert ask(reference, "/v1/completions", b"{")[0] == 400
        assert ask(reference, "/v1/completions", b"[]")[0] == 400
        assert ask(reference, "/v1/completions", {"prompt": "x", "max_tokens": "many"})[0] == 400
        assert json.loads(ask(reference, "/v1/models", b"", "GET")[1])["data"][0]["id"] == "reference"


def test_a_port_that_is_taken() -> None:
    with (
        serve_reference() as reference,
        pytest.raises(TargetUnavailableError),
        serve_reference(port=reference.port),
    ):
        pass
