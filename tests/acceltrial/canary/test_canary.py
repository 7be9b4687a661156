"""A controller killed with SIGKILL in mid-step: traffic goes back, and the next controller makes sure."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from acceltrial.canary.controller import Controller
from acceltrial.canary.guardrails import ErrorGuardrail, JudgeSettings, LatencyGuardrail, Warmup
from acceltrial.canary.journal import read_journal
from acceltrial.canary.levers.split_proxy import split_proxy
from acceltrial.canary.plan import CanaryPlan
from acceltrial.canary.source import FeedSource

SETTINGS = JudgeSettings(
    guardrails=(ErrorGuardrail(harm=0.3), LatencyGuardrail(levels=(0.5,), margin=0.9, harm_odds=20)),
    interval_s=0.5, reference_s=30, warmup=Warmup(min_s=0.5, max_s=1), needs_power=False,
)  # fmt: skip
PLAN = CanaryPlan(
    canary="live", workload="w", baseline="one", candidate="two", shares=(0.3, 1.0), hold_s=3,
    min_requests=10, soak_s=1, lease_s=1.5, hold_limit_s=5, deadline_s=40, judge=SETTINGS,
)  # fmt: skip

CONTROLLER = """
import sys
from pathlib import Path
from acceltrial.canary.controller import Controller
from acceltrial.canary.levers.split_proxy import SplitAddress, SplitProxyLever
from acceltrial.canary.plan import CanaryPlan
from acceltrial.canary.source import FeedSource
lever = SplitProxyLever(SplitAddress.from_json(sys.argv[1]))
plan = CanaryPlan.model_validate_json(sys.argv[2])
show = lambda line: print(line, flush=True)
Controller(plan, lever, FeedSource(lever), Path(sys.argv[3]), holder="first", progress=show).run()
"""


@pytest.fixture
def split():
    """A split between two reference servers with steady traffic through it."""
    servers = [
        subprocess.Popen(
            [sys.executable, "-m", "acceltrial.load.reference_server", "--port", "0", "--ttft-ms", "5",
             "--itl-ms", "1"],
            stdout=subprocess.PIPE,
        )
        for _ in range(2)
    ]  # fmt: skip
    urls = [f"http://127.0.0.1:{json.loads(s.stdout.readline())['port']}" for s in servers]
    stop = threading.Event()
    with split_proxy(*urls) as lever:

        def drive():
            connection = http.client.HTTPConnection("127.0.0.1", lever.address.port, timeout=10)
            body = json.dumps({"model": "m", "prompt": "a", "max_tokens": 2, "stream": True})
            while not stop.is_set():
                connection.request("POST", "/v1/completions", body, {"Content-Type": "application/json"})
                connection.getresponse().read()
                time.sleep(0.02)
            connection.close()

        thread = threading.Thread(target=drive)
        thread.start()
        yield lever
        stop.set()
        thread.join()
    for server in servers:
        server.kill()
        server.wait()
        server.stdout.close()


def test_kill_minus_nine_in_mid_step_ends_on_the_baseline_and_the_next_run_recovers(split, tmp_path):
    journal = tmp_path / "live.jsonl"
    arguments = [split.address.to_json(), PLAN.model_dump_json(), str(journal)]
    first = subprocess.Popen([sys.executable, "-c", CONTROLLER, *arguments], stdout=subprocess.PIPE)
    first.stdout.readline()
    assert split.read().share == 0.3
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    first.stdout.close()
    deadline = time.monotonic() + 10
    while split.read().share and time.monotonic() < deadline:
        time.sleep(0.1)
    assert split.read().share == 0, "the dead man's switch did not work"
    outcome = Controller(PLAN, split, FeedSource(split), journal, holder="second").run(restart=False)
    assert outcome.verdict == "aborted"
    assert [e.event for e in read_journal(journal)[-2:]] == ["recovered", "aborted"]
    assert split.read().share == 0


def test_a_healthy_candidate_is_promoted_over_real_http(split, tmp_path):
    time.sleep(1)
    outcome = Controller(PLAN, split, FeedSource(split), tmp_path / "j", holder="a").run()
    assert (outcome.verdict, outcome.final_share) == ("promote", 1.0), outcome.reason
    state = split.read()
    assert (state.share, state.lease_left_s) == (1.0, None)
    assert read_journal(tmp_path / "j")[-1].event == "promoted"
