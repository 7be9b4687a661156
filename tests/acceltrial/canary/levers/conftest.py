"""Traffic systems for the levers: real ones where they are installed, behind two reference servers."""

from __future__ import annotations

import http.client
import json
from urllib.parse import urlsplit

import pytest

from acceltrial.canary.lever import LeverError
from acceltrial.canary.levers.weights import Reading
from acceltrial.load import serve_reference
from acceltrial.load.reference_server import Behaviour
from acceltrial.stats.sequential import share_log_e


@pytest.fixture(scope="session")
def two_servers():
    quick = Behaviour(ttft_ms=1, itl_ms=0)
    with serve_reference(quick) as one, serve_reference(quick) as two:
        yield f"http://127.0.0.1:{one.port}", f"http://127.0.0.1:{two.port}"


@pytest.fixture
def ask():
    def send(url, count):
        """Sends `count` small requests one after another; the statuses."""
        parts = urlsplit(url)
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=10)
        body = json.dumps({"model": "m", "prompt": "a b", "max_tokens": 1})
        found = []
        for _ in range(count):
            connection.request("POST", "/v1/completions", body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            response.read()
            found.append(response.status)
        connection.close()
        return found

    return send


@pytest.fixture
def traffic_follows(ask):
    def check(front, shares):
        """Writes each share, reads it back and sees where 60 requests go."""
        weights = front.spec.weights()
        for share in shares:
            weights.write(share)
            before = weights.read()
            assert before.share == pytest.approx(share)
            assert ask(front.base_url, 60) == [200] * 60
            after = weights.read()
            canary, baseline = after.canary - before.canary, after.baseline - before.baseline
            assert canary + baseline == 60
            assert share_log_e(canary, 60, share) < 9.2

    return check


class FakeWeights:
    """A traffic system in memory that can be lost, or lie."""

    granularity, patience_s = 0.01, 1.0

    def __init__(self):
        self.share, self.lost, self.lie, self.written = 0.0, False, None, []

    def write(self, share):
        if self.lost:
            raise LeverError("lost")
        self.written.append(share)
        self.share = share

    def read(self):
        if self.lost:
            raise LeverError("lost")
        return Reading(self.share if self.lie is None else self.lie, 10, 5)


@pytest.fixture
def weights():
    return FakeWeights()
