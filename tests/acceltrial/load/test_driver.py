"""When the driver sends and when it gives up, on real sockets. What servers answer is in test_answers.py."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from acceltrial.load import LoadPlan, Schedule, serve_reference
from acceltrial.load.reference_server import Behaviour
from acceltrial.load.run import Drive, drive
from tests.acceltrial.load.conftest import (
    answering,
    classes,
    drive_port,
    good_stream,
    read_request,
    serve,
    socket_server,
)

pytestmark = pytest.mark.usefixtures("nothing_is_left")
Run = Callable[..., Drive]


def test_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    driven = drive_port(port, requests=3_000)
    assert classes(driven) == {"connect_refused"}
    assert driven.records.height == 3_000


def test_accepts_and_hangs(run_against: Run) -> None:
    def hang(connection: socket.socket) -> None:
        read_request(connection)
        connection.recv(1)

    driven = run_against(hang, requests=4, timeout_s=0.3)
    assert classes(driven) == {"timeout_first_byte"}
    waited = driven.records["ended_s"] - driven.records["sent_s"]
    assert waited.max() < 3


def test_backlog_never_accepted() -> None:
    """A listener that never accepts: the kernel completes the connection, so the wait is for the answer."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        driven = drive_port(listener.getsockname()[1], timeout_s=0.3)
    assert classes(driven) <= {"timeout_first_byte", "timeout_connect"}


def test_keep_alive_closed_between_requests(run_against: Run) -> None:
    """The server closes after each answer without saying so: nothing fails, connections are dialled anew."""
    driven = run_against(answering(good_stream(), close=True), requests=20)
    assert classes(driven) == {None}
    assert driven.stats[0]["opened"] >= 18


def test_slow_start() -> None:
    """Nobody listens at first: those requests are refused, the later ones are served."""
    ready = threading.Event()
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", 0))

        def serve_late() -> None:
            ready.wait(60)
            listener.listen(64)
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(
                    target=serve, args=(connection, answering(good_stream())), daemon=True
                ).start()

        threading.Thread(target=serve_late, daemon=True).start()
        schedule = Schedule.open_loop(
            "constant", rate_rps=20, requests=60, output_tokens=3, prompts=["x"] * 60
        )
        # The first line of progress comes a second after the load has begun.
        driven = drive_port(
            listener.getsockname()[1], schedule=schedule, timeout_s=5.0, progress=lambda _line: ready.set()
        )
        listener.shutdown(socket.SHUT_RDWR)
    assert classes(driven) == {"connect_refused", None}
    assert driven.records["error_class"][-1] is None


def test_ipv6_and_a_slash_at_the_end() -> None:
    schedule = Schedule.closed_loop(1, requests=2, prompts=["hello"] * 2)
    with socket_server(answering(good_stream()), host="::1") as port:
        plan = LoadPlan(f"http://[::1]:{port}/v1/", "completions", "m", schedule, calibrate=False)
        assert classes(drive(plan)) == {None}


def test_no_wall_clock() -> None:
    """A clock that jumps cannot touch a run: nothing in it reads the wall clock."""
    folder = Path(drive_port.__code__.co_filename).parents[3] / "acceltrial" / "load"
    for file in folder.rglob("*.py"):
        assert "time.time(" not in file.read_text()


def test_deadline_ends_the_run(run_against: Run) -> None:
    def hang(connection: socket.socket) -> None:
        read_request(connection)
        connection.recv(1)

    schedule = Schedule.open_loop("constant", rate_rps=10, requests=100, prompts=["x"] * 100)
    driven = run_against(hang, schedule=schedule, timeout_s=60.0, deadline_s=0.5)
    assert classes(driven) == {"interrupted", "not_sent"}
    assert driven.records.height == 100


def test_connection_limit_holds_requests_back() -> None:
    with serve_reference(Behaviour(ttft_ms=20, itl_ms=1)) as reference:
        schedule = Schedule.open_loop(
            "constant", rate_rps=400, requests=40, output_tokens=4, prompts=["x"] * 40
        )
        driven = drive_port(reference.port, schedule=schedule, timeout_s=10.0, max_connections=2)
        assert reference.log()["peak"] <= 2
    assert classes(driven) == {None}
    lag = driven.records["sent_s"] - driven.records["intended_s"]
    assert lag[-1] > 0.1


def test_warm_up_is_left_out_and_turns_wait() -> None:
    schedule = Schedule.sessions([0.0, 0.05], turns=3, think_s=0.01, output_tokens=4)
    with serve_reference(Behaviour(ttft_ms=10, itl_ms=1)) as reference:
        driven = drive_port(reference.port, schedule=schedule, warm_up=5, timeout_s=10.0)
        assert len(reference.log()["requests"]) >= 11
    assert driven.records.height == 6
    assert classes(driven) == {None}
    for session in (0, 1):
        turns = driven.records.filter(driven.records["session"] == session).sort("turn")
        assert turns["sent_s"][1] >= turns["last_s"][0]
        assert turns["sent_s"][2] >= turns["last_s"][1]
        assert turns["input_tokens"].is_sorted()


def test_shards_make_up_the_schedule() -> None:
    schedule = Schedule.open_loop("poisson", rate_rps=200, requests=101, output_tokens=2, prompts=["x"] * 101)
    with serve_reference(Behaviour(ttft_ms=5, itl_ms=1)) as reference:
        driven = drive_port(reference.port, schedule=schedule, processes=2, timeout_s=10.0)
    assert driven.records["index"].to_list() == list(range(101))
    assert driven.records["intended_s"].to_list() == pytest.approx(schedule.intended_s.tolist(), abs=1e-6)
    assert len(driven.stats) == 2


def test_warm_up_does_not_move_the_start_and_turns_stay_with_their_process() -> None:
    schedule = Schedule.sessions([0.0, 0.05, 0.08], turns=2, think_s=0.01, output_tokens=4)
    with serve_reference(Behaviour(ttft_ms=10, itl_ms=1)) as reference:
        driven = drive_port(reference.port, schedule=schedule, warm_up=5, processes=2, timeout_s=10.0)
        assert len(reference.log()["requests"]) >= 11
    assert classes(driven) == {None}
    assert len({one["start_ns"] for one in driven.stats}) == 1
    first = driven.records.filter(driven.records["turn"] == 0)
    assert first["intended_s"].to_list() == pytest.approx([0.0, 0.05, 0.08], abs=1e-6)


def test_no_process_is_left_without_a_stream_or_a_session() -> None:
    schedule = Schedule.closed_loop(2, requests=12, output_tokens=2, prompts=["x"] * 12)
    with serve_reference(Behaviour(ttft_ms=2, itl_ms=1)) as reference:
        driven = drive_port(reference.port, schedule=schedule, processes=4, timeout_s=10.0)
    assert driven.records.height == 12
    assert len(driven.stats) == 2


def test_a_warm_up_that_takes_too_long_ends_with_the_run(run_against: Run) -> None:
    def hang(connection: socket.socket) -> None:
        read_request(connection)
        time.sleep(30)

    started = time.monotonic()
    schedule = Schedule.open_loop("constant", rate_rps=10, requests=3, prompts=["x"] * 3)
    driven = run_against(hang, schedule=schedule, warm_up=2, timeout_s=60.0, deadline_s=1.0)
    assert time.monotonic() - started < 20
    assert classes(driven) == {"not_sent"}
