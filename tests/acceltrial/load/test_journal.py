"""What is written down of exchanges that ended."""

from __future__ import annotations

import socket
from pathlib import Path

from acceltrial.load.connection import Connection
from acceltrial.load.journal import Journal
from acceltrial.load.spill import read_spill
from tests.acceltrial.load.test_processes import job


def test_every_ending_is_written_and_counted(tmp_path: Path) -> None:
    given = job(tmp_path)
    journal = Journal(given, 0)
    connection = Connection(socket.AF_INET, 0)
    connection.begin(0, 10, b"GET")
    connection.dialled_ns, connection.connected_ns, connection.sent_ns = 11, 12, 13
    connection.stamps.append(20)
    connection.ends.append(2)
    connection.buffer += b"ok"
    journal.ended(connection, "")
    connection.finish()
    connection.begin(1, 30, b"GET")
    journal.warming = True
    journal.ended(connection, "reset", "by peer")
    journal.warming = False
    journal.unsent(2, 40, "timeout_waiting", "no free connection")
    journal.close()
    connection.close()
    first, second, third = read_spill(given.spill_path(0))
    assert (journal.finished, journal.failed) == (3, 2)
    assert (first.outcome, first.data, first.connected_ns, first.finished_ns) == ("", b"ok", 12, 20)
    assert not first.reused
    assert (second.outcome, second.detail, second.reused, second.warm_up) == ("reset", "by peer", True, True)
    assert second.connected_ns == 0
    assert (third.index, third.outcome, third.sent_ns, third.warm_up) == (2, "timeout_waiting", 0, False)
