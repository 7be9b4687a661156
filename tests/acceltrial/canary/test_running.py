"""Plans on a split that can be cut off, as a network does."""

from __future__ import annotations

import json
import socket
import threading
import time
from contextlib import suppress

import pytest

from acceltrial.canary.folder import CanaryFolder
from acceltrial.canary.journal import read_journal
from acceltrial.canary.lever import LeverError
from acceltrial.canary.levers.spec import parse_lever
from acceltrial.canary.levers.split_proxy import split_proxy
from acceltrial.canary.plan import CanaryPlan
from acceltrial.canary.running import feed_of, run_plan
from acceltrial.errors import ConfigurationError

PLAN = CanaryPlan(
    canary="c", workload="w", baseline="a", candidate="b", shares=(0.5, 1.0), hold_s=0.4, min_requests=1,
    soak_s=0, lease_s=0.8, hold_limit_s=1.0, deadline_s=6, judge={"interval_s": 0.2},
)  # fmt: skip


class Severable:
    """A TCP relay to `port` that falls silent when it is told to: nothing is closed, nothing arrives."""

    def __init__(self, port):
        self.cut = threading.Event()
        self._target, self._open = port, []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with suppress(OSError):
            while True:
                client = self._listener.accept()[0]
                server = socket.create_connection(("127.0.0.1", self._target))
                self._open += [client, server]
                for pair in ((client, server), (server, client)):
                    threading.Thread(target=self._pass, args=pair, daemon=True).start()

    def _pass(self, source, sink):
        with suppress(OSError):
            while data := source.recv(65536):
                if self.cut.is_set():
                    return
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)

    def close(self):
        for one in (self._listener, *self._open):
            one.close()


@pytest.fixture
def split():
    with split_proxy("http://127.0.0.1:9", "http://127.0.0.1:9") as lever:
        yield lever


def spec_of(lever, **changes):
    return parse_lever({**json.loads(lever.address.to_json()), **changes}, "t")


@pytest.mark.slow
def test_a_network_split_ends_on_the_baseline_at_both_sides(split, tmp_path):
    """The controller is cut off: the lease returns the traffic, and the controller ends as rolled back."""
    relay = Severable(split.address.control_port)
    threading.Timer(1.0, relay.cut.set).start()
    outcome = run_plan(PLAN, spec_of(split, control_port=relay.port), CanaryFolder(tmp_path))
    assert (outcome.verdict, outcome.guardrail) == ("rollback", "metrics")
    assert split.read().share == 0
    last = read_journal(tmp_path / "c.jsonl")[-1]
    assert last.event == "rolled_back"
    assert "not read back" in last.reason
    relay.close()


def test_a_person_ends_it_within_a_second_although_looks_are_rare(split, tmp_path):
    folder = CanaryFolder(tmp_path)
    slow = PLAN.model_copy(
        update={
            "judge": PLAN.judge.model_copy(update={"interval_s": 30.0}), "hold_s": 30.0, "lease_s": 90.0,
            "deadline_s": 300.0,
        }
    )  # fmt: skip
    threading.Timer(0.8, lambda: folder.ask_abort("c", "enough")).start()
    begun = time.monotonic()
    outcome = run_plan(slow, spec_of(split), folder)
    assert (outcome.verdict, outcome.reason) == ("aborted", "enough")
    assert time.monotonic() - begun < 10
    assert folder.abort_reason("c") == "", "the next canary of this name is not aborted by the old word"


def test_a_lever_that_nobody_logs_is_refused(weightless):
    with pytest.raises(ConfigurationError, match="nothing tells"):
        feed_of(weightless, object())


@pytest.fixture
def weightless():
    return parse_lever({"kind": "haproxy", "socket": "/none", "backend": "arms"}, "t")


def test_a_traffic_system_that_is_not_there_begins_no_canary(weightless, tmp_path):
    with pytest.raises(LeverError, match="does not answer"):
        run_plan(PLAN, weightless, CanaryFolder(tmp_path))
    assert not (tmp_path / "c.jsonl").exists()
