"""Connections of a load process on real sockets. Servers that misbehave are in test_driver.py."""

from __future__ import annotations

import select
import socket
import time
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from acceltrial.load.agenda import Agenda
from acceltrial.load.job import write_job
from acceltrial.load.journal import Journal
from acceltrial.load.spill import read_spill
from acceltrial.load.wire import Wire
from tests.acceltrial.load.conftest import answering, good_stream, socket_server
from tests.acceltrial.load.test_processes import job

REQUEST = b"POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n"


@contextmanager
def wire(folder: Path, port: int, **settings: object) -> Iterator[Wire]:
    given = job(folder, addresses=[(2, "127.0.0.1", port)], max_response_bytes=100_000, **settings)
    write_job(given, [REQUEST] * given.requests, array("d", [0.0] * given.requests))
    agenda = Agenda(given, 0)
    agenda.begin(0)
    with select.epoll() as epoll:
        made = Wire(given, agenda, Journal(given, 0), epoll)
        try:
            yield made
        finally:
            made.close()
            made.journal.close()


def work(made: Wire, until_finished: int) -> None:
    deadline = time.monotonic() + 20
    while made.journal.finished < until_finished and time.monotonic() < deadline:
        for fd, _ in made.epoll.poll(0.1):
            made.on_event(made.connections[fd])
        made.expire(time.monotonic_ns())


def test_a_connection_is_kept_and_used_again(tmp_path: Path) -> None:
    with socket_server(answering(good_stream())) as port, wire(tmp_path, port) as made:
        made.launch(0, 0)
        work(made, 1)
        assert len(made.idle) == 1
        made.launch(1, 0)
        work(made, 2)
        assert (made.opened, made.journal.failed) == (1, 0)
        assert made.deadlines.next_ns() == 0


def test_a_request_without_a_connection_waits_its_turn(tmp_path: Path) -> None:
    with socket_server(answering(good_stream())) as port, wire(tmp_path, port, max_connections=1) as made:
        made.launch(0, 0)
        made.launch(1, 0)
        assert list(made.waiting) == [(1, 0)]
        made.waiting.clear()
        made.waiting.append((1, time.monotonic_ns()))
        work(made, 1)
        made.launch_waiting()
        work(made, 2)
        assert (made.opened, made.journal.failed) == (1, 0)


def test_what_takes_too_long_is_ended(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with wire(tmp_path, port, timeout_s=0.05) as made:
            made.launch(0, 0)
            assert made.deadlines.next_ns() > 0
            work(made, 1)
            assert not made.connections
        record = next(iter(read_spill(made.job.spill_path(0))))
    assert record.outcome == "timeout_first_byte"


def test_an_interrupted_request_is_told(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        with wire(tmp_path, listener.getsockname()[1]) as made:
            made.launch(0, 0)
            made.interrupt()
        assert [one.outcome for one in read_spill(made.job.spill_path(0))] == ["interrupted"]
