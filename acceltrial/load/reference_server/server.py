"""The reference server's loop: it reads requests as they come and writes each token when it is due."""

from __future__ import annotations

import json
import os
import select
import socket
import time
from array import array
from collections import deque
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Any

from acceltrial.load.reference_server.answers import ANSWERS, Behaviour, Content, whole
from acceltrial.load.timer import Timer

_WRITES_A_TURN = 32


@dataclass(slots=True)
class _Answer:
    """One request being answered."""

    connection: _Peer
    read_ns: int
    identity: str
    content: Content
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
            answered = ANSWERS.get(kind)
            if answered is None:
                self._reply(peer, {"error": {"message": f"no such path {path}"}}, status="404 Not Found")
                return
            try:
                content = answered(self.behaviour, json.loads(body))
            except (ValueError, TypeError, AttributeError, KeyError) as error:
                self._reply(peer, {"error": {"message": f"bad request: {error}"}}, status="400 Bad Request")
                return
            self._begin(_Answer(peer, read_ns, identity, content))

    def _reply(self, peer: _Peer, content: dict[str, Any], status: str = "200 OK") -> None:
        self._write(peer, whole(content, status))

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
        if answer.content.body:
            wait_ms = self.behaviour.ttft_ms + self.behaviour.itl_ms * max(0, answer.content.tokens - 1)
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
            elif answer.content.body:
                answer.stamps.append(clock())
                self._write(answer.connection, answer.content.body)
                self._end(answer)
            else:
                self._write_token(answer, due_ns)

    def _write_token(self, answer: _Answer, due_ns: int) -> None:
        content = answer.content
        head = content.head if not answer.written else b""
        answer.written += self.behaviour.tokens_per_chunk
        answer.stamps.append(time.monotonic_ns())
        if answer.written >= content.tokens:
            self._write(answer.connection, head + content.event + content.last)
            self._end(answer)
        else:
            self._write(answer.connection, head + content.event)
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
