"""The keeper's process around a real HAProxy: whatever is killed, traffic returns to the baseline."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from acceltrial.canary.lever import LeverError
from acceltrial.canary.levers.fronts import haproxy_front
from acceltrial.canary.levers.kept import KeptLever, lever_of
from acceltrial.canary.levers.spec import parse_lever
from acceltrial.load.processes import child_environment
from acceltrial.proxies import haproxy_program
from acceltrial.targets.process import free_port

pytestmark = pytest.mark.skipif(
    haproxy_program() is None, reason="haproxy is not installed (apt-get install haproxy)"
)

HOLDER = """
import sys, time
from pathlib import Path
from acceltrial.canary.levers.kept import lever_of
from acceltrial.canary.levers.spec import parse_lever
import json
with lever_of(parse_lever(json.loads(sys.argv[1]), "t"), Path(sys.argv[2])) as lever:
    lever.set_share(0.5, holder="killed", lease_s=1.0)
    print("set", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def front(two_servers, tmp_path):
    with haproxy_front(*two_servers, tmp_path, port=free_port()) as found:
        yield found


def until(condition, seconds=8.0):
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up:
        if condition():
            return True
        time.sleep(0.05)
    return False


def noted(folder):
    [path] = folder.glob("keeper-*.json")
    return json.loads(path.read_text()), path


def share(front):
    return front.spec.weights().read().share


def test_a_killed_controllers_share_is_taken_back_and_its_keeper_found_again(front, tmp_path):
    arguments = [front.spec.model_dump_json(), str(tmp_path)]
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, *arguments], stdout=subprocess.PIPE, env=child_environment()
    )
    assert holder.stdout.readline() == b"set\n"
    assert share(front) == 0.5
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    holder.stdout.close()
    assert until(lambda: share(front) == 0), "the keeper did not outlive its controller"
    with lever_of(front.spec, tmp_path) as lever:
        with pytest.raises(LeverError, match="run out"):
            lever.renew(holder="killed", lease_s=5)
        lever.set_share(0.25, holder="next", lease_s=5)
        assert lever.read().share == 0.25
        lever.restore()


def test_a_killed_keeper_is_started_anew_and_puts_the_baseline_in_place(front, tmp_path):
    with lever_of(front.spec, tmp_path) as lever:
        lever.set_share(0.5, holder="a", lease_s=60)
        found, path = noted(tmp_path)
        assert path.stat().st_mode & 0o077 == 0
        os.kill(found["pid"], signal.SIGKILL)
        assert until(lambda: share(front) == 0)
        assert until(lambda: _answers(lever))
        with pytest.raises(LeverError, match="run out"):
            lever.renew(holder="a", lease_s=5)


def _answers(lever):
    try:
        lever.call("/state", {})
    except LeverError:
        return False
    return True


def test_without_keeper_and_guardian_the_controller_restores_by_itself(front, tmp_path):
    with lever_of(front.spec, tmp_path) as lever:
        lever.set_share(0.5, holder="a", lease_s=60)
        found, _ = noted(tmp_path)
        for pid in (found["guardian"], found["pid"]):
            os.kill(pid, signal.SIGKILL)
        assert until(lambda: not _answers(lever))
        with pytest.raises(LeverError, match="does not answer"):
            lever.renew(holder="a", lease_s=5)
        assert lever.read().share == 0.5
        lever.restore()
        assert lever.read().share == 0


def test_a_settled_share_stays_when_all_have_gone(front, tmp_path):
    with lever_of(front.spec, tmp_path) as lever:
        lever.set_share(1.0, holder="a", lease_s=1)
        lever.settle(holder="a")
    time.sleep(1.2)
    assert share(front) == 1.0


def test_a_traffic_system_that_does_not_answer_is_told_before_the_start(tmp_path):
    spec = parse_lever({"kind": "haproxy", "socket": str(tmp_path / "none"), "backend": "arms"}, "t")
    with pytest.raises(LeverError, match="does not answer"), lever_of(spec, tmp_path):
        pass
    assert not list(tmp_path.glob("keeper-*"))


def test_a_stale_note_starts_a_new_keeper(front, tmp_path):
    with lever_of(front.spec, tmp_path):
        pass
    _, path = noted(tmp_path)
    path.write_text("{")
    with lever_of(front.spec, tmp_path) as lever:
        assert isinstance(lever, KeptLever)
        assert lever.read().share == 0
