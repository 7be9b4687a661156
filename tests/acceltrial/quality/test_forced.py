from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any

import pytest

from acceltrial.quality.forced import Asked, compare
from acceltrial.quality.reference import Prefix

Reply = Callable[[dict[str, Any]], tuple[int, Any]]
PREFIXES = [
    Prefix(n // 3, [2, 5, n], f"The pump {n}", {7: -0.1, 8: -3.0}, {" is": -0.1, " was": -3.0}, 7, " is")
    for n in range(9)
]


@contextmanager
def server(reply: Reply) -> Iterator[Asked]:
    """A completions server on a real socket."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status, content = reply(body)
            data = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=listening.serve_forever, daemon=True).start()
    try:
        yield Asked(f"http://127.0.0.1:{listening.server_port}/v1", "m", {}, {}, 5.0)
    finally:
        listening.shutdown()
        listening.server_close()


def completion(text: str, logprobs: Any, tokens: int = 3) -> dict[str, Any]:
    return {"choices": [{"text": text, "logprobs": logprobs}], "usage": {"prompt_tokens": tokens}}


def by_number(body: dict[str, Any]) -> tuple[int, Any]:
    last = body["prompt"][-1]
    token = 7 if last < 6 else 8
    top = [{"id": 7, "logprob": -0.3}, {"id": 8, "logprob": -2.0}]
    return 200, completion("?", {"content": [{"id": token, "top_logprobs": top}]})


def test_numbers_are_sent_and_compared_where_the_server_takes_them() -> None:
    with server(by_number) as asked:
        found = compare(asked, PREFIXES, 60)
    assert (found.top1.value, found.top1.n) == (pytest.approx(6 / 9), 9)
    assert found.kl_nats.n == 3
    assert found.kl_nats.value == pytest.approx(0.0856, abs=1e-3)
    assert found.reason == ""


def test_a_server_that_knows_texts_only_is_compared_by_text() -> None:
    def reply(body: dict[str, Any]) -> tuple[int, Any]:
        if not isinstance(body["prompt"], str) or body.get("logprobs", 0) > 5:
            return 400, {"error": "no"}
        tokens = 4 if body["prompt"].endswith("8") else 3
        return 200, completion(" is", {"top_logprobs": [{" is": -0.1, " was": -3.0}]}, tokens)

    with server(reply) as asked:
        found = compare(asked, PREFIXES, 60)
    assert (found.top1.value, found.top1.n) == (1.0, 8)
    assert found.kl_nats.value == pytest.approx(0, abs=1e-9)
    assert "1 beginnings were split into other tokens" in found.reason


def test_without_log_probabilities_only_the_first_choice_is_compared() -> None:
    with server(lambda body: (200, completion(" was", None))) as asked:
        found = compare(asked, PREFIXES, 60)
    assert (found.top1.value, found.kl_nats.value) == (0.0, None)
    assert found.kl_nats.reason == "the server gives no log-probabilities"


def test_a_server_that_fails_gives_no_figure_and_time_bounds_the_rest() -> None:
    with server(lambda body: (500, {})) as asked:
        found = compare(asked, PREFIXES, 60)
    assert found.top1.value is None
    assert "no completion" in found.top1.reason
    seconds = count(0.0, 1.0)
    with server(by_number) as asked:
        found = compare(asked, PREFIXES, 4.5, clock=lambda: next(seconds))
    assert found.top1.n == 4
    assert compare(asked, [], 1).top1.value is None
