"""Limits of exchanges, in order of time."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from acceltrial.load.connection import Connection, State
from acceltrial.load.deadlines import Deadlines, timeout_class

_SECOND = 1_000_000_000


@pytest.fixture
def connections() -> Iterator[list[Connection]]:
    made = [Connection(socket.AF_INET, 0) for _ in range(3)]
    yield made
    for one in made:
        one.close()


def test_what_takes_too_long_expires_and_what_has_ended_does_not(connections: list[Connection]) -> None:
    deadlines = Deadlines(2.0)
    assert deadlines.next_ns() == 0
    for second, connection in enumerate(connections):
        connection.begin(second, 0, b"")
        deadlines.add(connection, second * _SECOND)
    connections[0].finish()
    assert deadlines.next_ns() == 3 * _SECOND
    assert list(deadlines.expired(3 * _SECOND - 1)) == []
    assert list(deadlines.expired(3 * _SECOND)) == [connections[1]]
    assert deadlines.next_ns() == 4 * _SECOND


@pytest.mark.parametrize(
    ("state", "stamps", "expected"),
    [
        (State.CONNECTING, 0, "timeout_connect"),
        (State.SECURING, 0, "timeout_connect"),
        (State.SENDING, 0, "timeout_send"),
        (State.RECEIVING, 0, "timeout_first_byte"),
        (State.RECEIVING, 2, "timeout_body"),
    ],
)
def test_the_class_tells_how_far_it_came(
    connections: list[Connection], state: State, stamps: int, expected: str
) -> None:
    connection = connections[0]
    connection.state = state
    connection.stamps.extend(range(stamps))
    assert timeout_class(connection) == expected
