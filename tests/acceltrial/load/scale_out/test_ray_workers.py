"""Two Ray workers of this machine against a real server, one of which is killed in the second test."""

from __future__ import annotations

import os
import signal
import threading
import time
from importlib.util import find_spec

import numpy as np
import psutil
import pytest

from acceltrial.errors import ConfigurationError
from acceltrial.load import LoadPlan, Schedule, serve_reference
from acceltrial.load.reference import Behaviour, Reference
from acceltrial.load.scale_out import ray_workers as module
from acceltrial.load.scale_out.lost import WORKER_LOST
from acceltrial.load.scale_out.ray_workers import ray_workers
from acceltrial.load.scale_out.run import run_scaled_out

HERE = find_spec("ray") is not None
needs_ray = [
    pytest.mark.slow,
    pytest.mark.live,
    pytest.mark.skipif(not HERE, reason="ray is not installed: pip install 'acceltrial[ray]'"),
]


def plan(url: str, schedule: Schedule) -> LoadPlan:
    return LoadPlan(url, "completions", "m", schedule, calibrate=False, timeout_s=30)


def test_without_ray_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "find_spec", lambda _name: None)
    with pytest.raises(ConfigurationError, match="ray is not installed") as caught, ray_workers("", 2):
        pass
    assert "acceltrial[ray]" in str(caught.value.remedy)


class TestOnThisMachine:
    pytestmark = needs_ray

    def test_two_workers_send_exactly_the_schedule_on_one_clock(self) -> None:
        schedule = Schedule.open_loop(
            "poisson", rate_rps=50, requests=200, input_tokens=8, output_tokens=4, seed=1
        )
        with serve_reference(Behaviour(ttft_ms=5, itl_ms=1)) as server:
            with ray_workers("", 2) as workers:
                result = run_scaled_out(plan(server.base_url, schedule), workers, "ray")
            read = server.log()["requests"]
        assert result.records["index"].to_list() == list(range(200))
        assert result.summary["requests"]["completed"] == 200
        assert np.allclose(result.records["intended_s"].to_numpy(), schedule.intended_s, atol=1e-8)
        assert sorted(int(one.request_id) for one in read if one.request_id) == list(range(200))
        told = result.summary["scale_out"]
        assert len(told["workers"]) == 2
        for worker in told["workers"]:
            # All of them share this machine's clock, so the truth is known: no offset.
            assert abs(worker["clock_offset_ms"]) <= worker["clock_uncertainty_ms"]

    def test_a_worker_that_is_killed_loses_its_requests_by_name(self) -> None:
        schedule = Schedule.open_loop("constant", rate_rps=20, requests=100, input_tokens=8, output_tokens=4)
        with serve_reference(Behaviour(ttft_ms=5, itl_ms=1)) as server, ray_workers("", 2) as workers:
            killer = threading.Thread(target=_kill_an_actor, args=(server,))
            killer.start()
            result = run_scaled_out(plan(server.base_url, schedule), workers, "ray")
            killer.join()
        counts = result.summary["requests"]
        assert counts["planned"] == 100
        assert counts["completed"] + result.summary["errors"][WORKER_LOST] == 100
        assert counts["completed"] >= 50, "the other worker goes on"
        assert result.summary["errors"][WORKER_LOST] > 0
        assert not result.valid


def _kill_an_actor(server: Reference) -> None:
    """As when a machine loses power in the middle of a run: once the server has read some requests."""
    mine = psutil.Process(os.getpid())
    for _ in range(600):
        if len(server.log()["requests"]) > 12:
            drivers = [p for p in mine.children(recursive=True) if "acceltrial.load.driver" in _command(p)]
            drivers[0].parent().send_signal(signal.SIGKILL)
            return
        time.sleep(0.1)


def _command(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""
