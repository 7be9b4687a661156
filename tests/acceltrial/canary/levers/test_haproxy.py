from __future__ import annotations

import subprocess

import pytest

from acceltrial.canary.access_log import AccessLogFeed
from acceltrial.canary.lever import LeverError
from acceltrial.canary.levers.fronts import haproxy_config, haproxy_front
from acceltrial.canary.levers.haproxy import HaproxyWeights
from acceltrial.proxies import haproxy_program
from acceltrial.targets.process import free_port

needs_haproxy = pytest.mark.skipif(
    haproxy_program() is None, reason="haproxy is not installed (apt-get install haproxy)"
)


@pytest.fixture(scope="module")
def front(two_servers, tmp_path_factory):
    with haproxy_front(*two_servers, tmp_path_factory.mktemp("haproxy"), port=free_port()) as found:
        yield found


@needs_haproxy
def test_traffic_follows_the_weight_that_is_read_back(front, traffic_follows):
    weights = front.spec.weights()
    traffic_follows(front, (0.0, 0.01, 0.25, 1.0))
    weights.write(0.0)
    assert weights.read().share == 0


@needs_haproxy
def test_a_server_that_was_not_named_is_refused(front):
    wrong = HaproxyWeights(front.spec.socket, "arms", canary="nobody")
    with pytest.raises(LeverError, match="no server 'nobody'"):
        wrong.read()
    with pytest.raises(LeverError, match="refuses the weight"):
        wrong.write(0.5)


@needs_haproxy
def test_its_log_tells_how_each_request_went(front, two_servers, ask):
    feed = AccessLogFeed(front.spec.access_log)
    front.spec.weights().write(0.5)
    ask(front.base_url, 30)
    polled = feed.poll(0)
    while len(polled.records) < 30:
        polled.records.extend(feed.poll(0).records)
    assert {row[1] for row in polled.records} == {"baseline", "canary"}
    assert all(row[2] and row[3] >= 0 and row[5] == 200 for row in polled.records)
    front.spec.weights().write(0.0)


@needs_haproxy
def test_the_configuration_is_one_that_haproxy_accepts(tmp_path):
    for health in (True, False):
        path = tmp_path / "haproxy.cfg"
        path.write_text(
            haproxy_config(
                "http://127.0.0.1:1", "http://127.0.0.1:2", port=8000, socket="/tmp/a.sock",
                timeout_s=30, health=health,
            )
        )  # fmt: skip
        checked = subprocess.run(
            [haproxy_program(), "-c", "-f", str(path)], capture_output=True, text=True, check=False
        )
        assert checked.returncode == 0, checked.stderr


def test_a_socket_that_is_not_there_is_a_lever_error(tmp_path):
    with pytest.raises(LeverError, match="does not answer"):
        HaproxyWeights(str(tmp_path / "none.sock"), "arms").read()
