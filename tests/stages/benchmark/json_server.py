"""A server on loopback that answers JSON with JSON, for the parts that speak to an engine directly."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from acceltrial.targets import RunningServer, Startup

Answer = Callable[[str, dict[str, Any]], tuple[int, Any]]
"""From path and body to status and answer; bytes are sent as they are."""


@contextmanager
def answering(answer: Answer, api: str) -> Iterator[RunningServer]:
    """A running server that gives `answer` to every POST, on connections that stay open."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            status, found = answer(self.path, body)
            raw = found if isinstance(found, bytes) else json.dumps(found).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=listener.serve_forever, daemon=True).start()
    try:
        url = f"http://127.0.0.1:{listener.server_address[1]}/v1"
        yield RunningServer(url, "m", api, None, Startup())
    finally:
        listener.shutdown()
        listener.server_close()


def letter_counts(texts: list[str]) -> dict[str, Any]:
    """An embeddings answer whose vectors count the letters of each text."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    rows = [[float(text.lower().count(letter)) for letter in letters] for text in texts]
    return {"data": [{"index": n, "embedding": row} for n, row in enumerate(rows)]}
