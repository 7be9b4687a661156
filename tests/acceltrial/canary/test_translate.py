"""Two servers that insist on their own model's name, behind one name."""

from __future__ import annotations

import http.client
import json
import threading
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from acceltrial.canary.levers.split_proxy import host_and_port, split_proxy
from acceltrial.canary.translate import translated
from acceltrial.errors import ConfigurationError


@contextmanager
def strict(model, key):
    """A server that answers only requests for its own `model`, with its own `key` and known fields."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            known = set(body) <= {"model", "prompt", "own"} and self.headers["authorization"] == key
            answer = json.dumps(body).encode()
            self.send_response(200 if known and body["model"] == model else 400)
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def ask(url, model):
    host, port = host_and_port(url)
    connection = http.client.HTTPConnection(host, port, timeout=10)
    connection.request("POST", "/v1/completions", json.dumps({"model": model, "prompt": "p"}))
    answer = connection.getresponse()
    found = answer.status, json.loads(answer.read())
    connection.close()
    return found


def test_one_request_is_understood_by_both_arms_of_a_split():
    arms = {"baseline": ("small", "Bearer one"), "canary": ("/a/folder", "Bearer two")}
    with ExitStack() as stack:
        urls = []
        for model, key in arms.values():
            server = stack.enter_context(strict(model, key))
            fields, headers = {"model": model, "own": model}, {"Authorization": key}
            urls.append(stack.enter_context(translated(server, fields, headers)))
        lever = stack.enter_context(split_proxy(*urls, seed=3))
        lever.set_share(0.5, holder="a", lease_s=30)
        answers = [ask(lever.address.base_url, "one name") for _ in range(30)]
    assert {status for status, _ in answers} == {200}
    assert {body["model"] for _, body in answers} == {"small", "/a/folder"}
    assert all(body["own"] == body["model"] for _, body in answers)


def test_an_upstream_that_is_no_address_is_refused():
    with pytest.raises(ConfigurationError, match="is not an http URL"), translated("ftp://x", {}, {}):
        pass
