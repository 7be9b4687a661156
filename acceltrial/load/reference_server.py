"""A server of known timing that speaks the OpenAI protocol: the yardstick of the load engine.

It answers at a stated time to first token, inter-token latency and number of tokens, keeps a log of
when it read each request and wrote each token (same monotonic clock as a client on this machine), and
uses nothing but the standard library. It is the fake for tests too: prompt tokens are words, so that a
test can count them.

Run as `python -m acceltrial.load.reference_server --port 0 --ttft-ms 20 --itl-ms 5`; the first line
printed is `{"port": N}`. `GET /reference/log` gives the log and `POST /reference/reset` empties it.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import select
import socket
import sys
import time
from array import array
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Any

from acceltrial.load.precedence import take_precedence
from acceltrial.load.timer import Timer

_NS = 1_000_000_000
_HEADER = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
_END = b"e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n"
_EMBEDDING_SIZE = 8
_WRITES_A_TURN = 32


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How the server answers.

    Attributes:
        tokens: output tokens where the request does not say.
        tokens_per_chunk: how many tokens one event carries.
        slots: requests served at once, the rest queue in order; 0 for no limit.
    """

    ttft_ms: float = 20.0
    itl_ms: float = 5.0
    tokens: int = 16
    tokens_per_chunk: int = 1
    slots: int = 0


@dataclass(slots=True)
class _Answer:
    """One request being answered."""

    connection: _Peer
    read_ns: int
    identity: str
    tokens: int
    head: bytes
    event: bytes
    last: bytes
    body: bytes
    begun_ns: int = 0
    written: int = 0
    stamps: array[int] = field(default_factory=lambda: array("q"))


@dataclass(slots=True)
class _Peer:
    """One client connection."""

    socket: socket.socket
    buffer: bytearray = field(default_factory=bytearray)
    outgoing: bytearray = field(default_factory=bytearray)
    answer: _Answer | None = None
    open: bool = True


class ReferenceServer:
    """One epoll loop; every token is written when it is due, from a heap of due times."""

    def __init__(self, behaviour: Behaviour, host: str = "127.0.0.1", port: int = 0) -> None:
        self.behaviour = behaviour
        self.listener = socket.create_server((host, port), backlog=4_096)
        self.listener.setblocking(False)
        self.port: int = self.listener.getsockname()[1]
        self.epoll = select.epoll()
        self.timer = Timer()
        self.epoll.register(self.listener.fileno(), select.EPOLLIN)
        self.epoll.register(self.timer.fd, select.EPOLLIN)
        self.peers: dict[int, _Peer] = {}
        self.due: list[tuple[int, int, _Answer]] = []
        self.queue: deque[_Answer] = deque()
        self.serving = 0
        self.order = 0
        self.log: list[tuple[str, int, array[int]]] = []
        self.accepted = 0
        self.peak = 0
        self.running = True

    def serve(self) -> None:
        """Answers until standard input closes or `running` is cleared."""
        poll, clock = self.epoll.poll, time.monotonic_ns
        listener, timer = self.listener.fileno(), self.timer.fd
        while self.running:
            self._write_due()
            if self.due:
                self.timer.arm(self.due[0][0])
            for fd, mask in poll(1.0, 64):
                if fd == timer:
                    self.timer.clear()
                elif fd == listener:
                    self._accept()
                elif fd == 0:
                    self.running = bool(os.read(0, 64))
                elif fd in self.peers:
                    self._on_peer(self.peers[fd], mask)
                if self.due and self.due[0][0] <= clock():
                    self._write_due()
        self.close()

    def close(self) -> None:
        """Closes every socket."""
        for peer in list(self.peers.values()):
            self._drop(peer)
        self.listener.close()
        self.timer.close()
        self.epoll.close()

    # Reading ------------------------------------------------------------------------------------

    def _accept(self) -> None:
        while True:
            try:
                accepted, _ = self.listener.accept()
            except BlockingIOError:
                return
            accepted.setblocking(False)
            accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.accepted += 1
            self.peers[accepted.fileno()] = _Peer(accepted)
            self.epoll.register(accepted.fileno(), select.EPOLLIN)

    def _on_peer(self, peer: _Peer, mask: int) -> None:
        if mask & select.EPOLLOUT:
            self._flush(peer)
            return
        try:
            data = peer.socket.recv(65_536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._drop(peer)
            return
        read_ns = time.monotonic_ns()
        peer.buffer += data
        self._take_request(peer, read_ns)

    def _take_request(self, peer: _Peer, read_ns: int) -> None:
        buffer = peer.buffer
        at = buffer.find(b"\r\n\r\n")
        if at < 0 or peer.answer is not None:
            return
        lines = bytes(buffer[:at]).split(b"\r\n")
        fields = {
            name.strip().lower(): value.strip() for name, _, value in (x.partition(b":") for x in lines[1:])
        }
        end = at + 4 + int(fields.get(b"content-length", b"0"))
        if len(buffer) < end:
            return
        body = bytes(buffer[at + 4 : end])
        del buffer[:end]
        path = lines[0].split(b" ")[1].decode(errors="replace")
        self._route(peer, path, body, fields.get(b"x-request-id", b"").decode(errors="replace"), read_ns)

    def _route(self, peer: _Peer, path: str, body: bytes, identity: str, read_ns: int) -> None:
        if path == "/reference/log":
            rows = [[name, read, list(stamps)] for name, read, stamps in self.log]
            self._reply(peer, {"accepted": self.accepted, "peak": self.peak, "requests": rows})
        elif path == "/reference/reset":
            self.log, self.accepted, self.peak = [], 0, 0
            self._reply(peer, {})
        elif path.endswith("/models"):
            self._reply(peer, {"object": "list", "data": [{"id": "reference", "object": "model"}]})
        elif path == "/health":
            self._reply(peer, {"status": "ok"})
        else:
            kind = path.rsplit("/v1", 1)[-1]
            render = _RENDERERS.get(kind)
            if render is None:
                self._reply(peer, {"error": {"message": f"no such path {path}"}}, status="404 Not Found")
                return
            answer = _Answer(peer, read_ns, identity, 0, b"", b"", b"", b"")
            try:
                render(self.behaviour, json.loads(body), answer)
            except (ValueError, TypeError, AttributeError, KeyError) as error:
                self._reply(peer, {"error": {"message": f"bad request: {error}"}}, status="400 Bad Request")
                return
            self._begin(answer)

    def _reply(self, peer: _Peer, content: dict[str, Any], status: str = "200 OK") -> None:
        self._write(peer, _whole(json.dumps(content).encode(), status))

    # Answering ----------------------------------------------------------------------------------

    def _begin(self, answer: _Answer) -> None:
        answer.connection.answer = answer
        if self.behaviour.slots and self.serving >= self.behaviour.slots:
            self.queue.append(answer)
            return
        self._serve_one(answer, answer.read_ns)

    def _serve_one(self, answer: _Answer, now_ns: int) -> None:
        self.serving += 1
        self.peak = max(self.peak, self.serving)
        answer.begun_ns = now_ns
        if answer.body:
            wait_ms = self.behaviour.ttft_ms + self.behaviour.itl_ms * max(0, answer.tokens - 1)
        else:
            wait_ms = self.behaviour.ttft_ms
        self._schedule(answer, now_ns + int(wait_ms * 1e6))

    def _schedule(self, answer: _Answer, due_ns: int) -> None:
        self.order += 1
        heappush(self.due, (due_ns, self.order, answer))

    def _write_due(self) -> None:
        due, clock = self.due, time.monotonic_ns
        # A few at a time: a server behind with its tokens must still read requests when they come.
        for _ in range(_WRITES_A_TURN):
            if not due or due[0][0] > clock():
                return
            due_ns, _, answer = heappop(due)
            if not answer.connection.open:
                self._end(answer)
            elif answer.body:
                answer.stamps.append(clock())
                self._write(answer.connection, answer.body)
                self._end(answer)
            else:
                self._write_token(answer, due_ns)

    def _write_token(self, answer: _Answer, due_ns: int) -> None:
        head = answer.head if not answer.written else b""
        answer.written += self.behaviour.tokens_per_chunk
        answer.stamps.append(time.monotonic_ns())
        if answer.written >= answer.tokens:
            self._write(answer.connection, head + answer.event + answer.last)
            self._end(answer)
        else:
            self._write(answer.connection, head + answer.event)
            self._schedule(
                answer, due_ns + int(self.behaviour.itl_ms * 1e6 * self.behaviour.tokens_per_chunk)
            )

    def _end(self, answer: _Answer) -> None:
        self.log.append((answer.identity, answer.read_ns, answer.stamps))
        self.serving -= 1
        peer = answer.connection
        peer.answer = None
        if self.queue:
            self._serve_one(self.queue.popleft(), time.monotonic_ns())
        if peer.open and peer.buffer:
            self._take_request(peer, time.monotonic_ns())

    def _write(self, peer: _Peer, data: bytes) -> None:
        if not peer.open:
            return
        if peer.outgoing:
            peer.outgoing += data
            return
        try:
            sent = peer.socket.send(data)
        except BlockingIOError:
            sent = 0
        except OSError:
            self._drop(peer)
            return
        if sent < len(data):
            peer.outgoing += data[sent:]
            self.epoll.modify(peer.socket.fileno(), select.EPOLLIN | select.EPOLLOUT)

    def _flush(self, peer: _Peer) -> None:
        data = bytes(peer.outgoing)
        peer.outgoing.clear()
        self.epoll.modify(peer.socket.fileno(), select.EPOLLIN)
        self._write(peer, data)

    def _drop(self, peer: _Peer) -> None:
        if peer.open:
            peer.open = False
            self.peers.pop(peer.socket.fileno(), None)
            peer.socket.close()


# Rendering --------------------------------------------------------------------------------------


def _completion(behaviour: Behaviour, request: dict[str, Any], answer: _Answer) -> _Answer:
    prompt = request.get("prompt", "")
    words = len(prompt) if isinstance(prompt, list) else len(str(prompt).split())
    return _generation(behaviour, request, answer, words, chat=False)


def _chat(behaviour: Behaviour, request: dict[str, Any], answer: _Answer) -> _Answer:
    words = sum(len(str(message.get("content", "")).split()) for message in request.get("messages", []))
    return _generation(behaviour, request, answer, words, chat=True)


def _generation(
    behaviour: Behaviour, request: dict[str, Any], answer: _Answer, words: int, *, chat: bool
) -> _Answer:
    asked = request.get("max_tokens") or request.get("max_completion_tokens")
    answer.tokens = max(1, int(asked or behaviour.tokens))
    usage = {
        "prompt_tokens": words,
        "completion_tokens": answer.tokens,
        "total_tokens": words + answer.tokens,
    }
    text = " word" * behaviour.tokens_per_chunk
    kind = "chat.completion" if chat else "text_completion"
    common = {"id": "ref", "object": kind, "model": "reference"}
    if not request.get("stream"):
        whole = " word" * answer.tokens
        choice: dict[str, Any] = {"index": 0, "finish_reason": "length"}
        choice |= {"message": {"role": "assistant", "content": whole}} if chat else {"text": whole}
        answer.body = _whole(json.dumps(common | {"choices": [choice], "usage": usage}).encode())
        return answer
    content: dict[str, Any] = {"content": text}
    part: dict[str, Any] = {"delta": content} if chat else {"text": text}
    choice = {"index": 0, "finish_reason": None} | part
    finish: dict[str, Any] = {"index": 0, "finish_reason": "length"}
    finish["delta" if chat else "text"] = {} if chat else ""
    answer.head, answer.event = _HEADER, _event(common | {"choices": [choice]})
    answer.last = _event(common | {"choices": [finish]})
    if (request.get("stream_options") or {}).get("include_usage"):
        answer.last += _event(common | {"choices": [], "usage": usage})
    answer.last += _END
    return answer


def _embeddings(_behaviour: Behaviour, request: dict[str, Any], answer: _Answer) -> _Answer:
    given = request.get("input", "")
    texts = given if isinstance(given, list) else [given]
    words = sum(len(str(text).split()) for text in texts)
    data = [
        {"object": "embedding", "index": i, "embedding": [0.5] * _EMBEDDING_SIZE} for i in range(len(texts))
    ]
    usage = {"prompt_tokens": words, "total_tokens": words}
    answer.body = _whole(json.dumps({"object": "list", "data": data, "usage": usage}).encode())
    return answer


def _rerank(_behaviour: Behaviour, request: dict[str, Any], answer: _Answer) -> _Answer:
    documents = request.get("documents", [])
    words = sum(len(str(text).split()) for text in [request.get("query", ""), *documents])
    results = [{"index": i, "relevance_score": 1.0 / (i + 1)} for i in range(len(documents))]
    answer.body = _whole(json.dumps({"results": results, "usage": {"total_tokens": words}}).encode())
    return answer


_RENDERERS: dict[str, Callable[[Behaviour, dict[str, Any], _Answer], _Answer]] = {
    "/completions": _completion,
    "/chat/completions": _chat,
    "/embeddings": _embeddings,
    "/rerank": _rerank,
}


def _event(content: dict[str, Any]) -> bytes:
    data = b"data: " + json.dumps(content, separators=(",", ":")).encode() + b"\n\n"
    return b"%x\r\n%s\r\n" % (len(data), data)


def _whole(body: bytes, status: str = "200 OK") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def main() -> None:
    """Entry point of the server process."""
    default = Behaviour()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--ttft-ms", type=float, default=default.ttft_ms)
    parser.add_argument("--itl-ms", type=float, default=default.itl_ms)
    parser.add_argument("--tokens", type=int, default=default.tokens)
    parser.add_argument("--tokens-per-chunk", type=int, default=default.tokens_per_chunk)
    parser.add_argument("--slots", type=int, default=default.slots)
    parser.add_argument("--until-stdin-closes", action="store_true", help="end when standard input closes")
    given = vars(parser.parse_args())
    host, port, follow = given.pop("host"), given.pop("port"), given.pop("until_stdin_closes")
    take_precedence()
    server = ReferenceServer(Behaviour(**given), host, port)
    if follow:
        server.epoll.register(0, select.EPOLLIN)
    sys.stdout.write(json.dumps({"port": server.port}) + "\n")
    sys.stdout.flush()
    gc.collect()
    gc.freeze()
    # A pause of the collector would show as latency; an answer lets go of its connection when it ends.
    gc.disable()
    try:
        server.serve()
    except KeyboardInterrupt:
        server.close()


if __name__ == "__main__":
    main()
