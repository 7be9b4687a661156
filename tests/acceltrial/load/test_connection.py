from __future__ import annotations

import socket

from acceltrial.load.connection import Connection, State


def test_it_knows_whether_the_other_side_was_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        connection = Connection(socket.AF_INET, 0)
        assert not connection.is_connected()
        connection.socket.setblocking(True)
        connection.socket.connect(listener.getsockname())
        assert connection.is_connected()
        connection.close()
    assert connection.state == State.CLOSED


def test_an_exchange_leaves_nothing_behind() -> None:
    connection = Connection(socket.AF_INET, 0)
    connection.begin(3, 17, b"request")
    serial = connection.serial
    connection.buffer += b"answer"
    connection.stamps.append(5)
    connection.finish()
    connection.close()
    assert connection.serial == serial + 1
    assert (connection.index, connection.outgoing, len(connection.buffer), len(connection.stamps)) == (
        -1, None, 0, 0,
    )  # fmt: skip
