"""The split and the degrading hop, with real sockets and the reference server behind them."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest

from acceltrial.canary.degrade import Degradation, degraded
from acceltrial.canary.lever import LeverError
from acceltrial.canary.levers.split_proxy import SplitAddress, SplitProxyLever, host_and_port, split_proxy
from acceltrial.canary.source import FeedSource
from acceltrial.errors import ConfigurationError


@contextmanager
def reference(*extra):
    process = subprocess.Popen(
        [sys.executable, "-m", "acceltrial.load.reference_server", "--port", "0", "--ttft-ms", "5",
         "--itl-ms", "1", *extra],
        stdout=subprocess.PIPE,
    )  # fmt: skip
    try:
        yield f"http://127.0.0.1:{json.loads(process.stdout.readline())['port']}", process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def ask(url, n=1, stream=True, path="/v1/completions", **headers):
    host, port = host_and_port(url)
    connection = http.client.HTTPConnection(host, port, timeout=10)
    answers = []
    for _ in range(n):
        body = {"model": "m", "prompt": "a b c", "max_tokens": 3, "stream": stream}
        connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json", **headers})
        response = connection.getresponse()
        answers.append((response.status, response.read()))
    connection.close()
    return answers


@pytest.fixture(scope="module")
def servers():
    with reference() as (one, _), reference() as (two, _):
        yield one, two


@pytest.fixture
def lever(servers):
    with split_proxy(*servers, seed=1) as found:
        yield found


def test_everything_goes_to_the_baseline_until_a_share_is_set(lever):
    answers = ask(lever.address.base_url, 20)
    assert all(status == 200 and b"[DONE]" in body for status, body in answers)
    assert (lever.read().share, lever.read().routed_canary, lever.read().routed_baseline) == (0, 0, 20)


def test_the_share_is_read_back_and_traffic_follows(lever):
    lever.set_share(0.5, holder="a", lease_s=30)
    ask(lever.address.base_url, 200)
    state = lever.read()
    assert state.share == 0.5
    assert state.holder == "a"
    assert 60 <= state.routed_canary <= 140
    polled = lever.poll(0)
    assert len(polled.records) == 200
    _, _, ok, latency, ttft, status, error = polled.records[-1]
    assert ok
    assert (status, error) == (200, "")
    assert 0 < ttft <= latency
    assert lever.poll(polled.next).records == []


def test_streamed_and_whole_answers_pass_unchanged(lever, servers):
    through, direct = ask(lever.address.base_url, 1, False)[0], ask(servers[0], 1, False)[0]
    assert through[0] == direct[0] == 200
    assert json.loads(through[1]).keys() == json.loads(direct[1]).keys()
    assert json.loads(through[1])["usage"] == json.loads(direct[1])["usage"]


def test_scrapes_and_health_checks_are_answered_by_the_baseline_and_are_evidence_for_no_arm(lever):
    lever.set_share(1.0, holder="a", lease_s=30)
    connection = http.client.HTTPConnection(*host_and_port(lever.address.base_url), timeout=10)
    for path in ("/metrics", "/v1/models", "/health"):
        connection.request("GET", path)
        connection.getresponse().read()
    connection.close()
    state = lever.read()
    assert (state.routed_baseline, state.routed_canary) == (0, 0)
    assert lever.poll(0).records == []


def test_requests_with_one_key_stay_together(lever):
    lever.set_share(0.5, holder="a", lease_s=30)
    ask(lever.address.base_url, 30, **{"X-Canary-Key": "customer-7"})
    state = lever.read()
    assert {state.routed_baseline, state.routed_canary} == {0, 30}


def test_without_renewal_traffic_returns_to_the_baseline(lever):
    lever.set_share(1.0, holder="a", lease_s=0.3)
    assert lever.read().share == 1.0
    time.sleep(0.5)
    assert lever.read().share == 0
    ask(lever.address.base_url, 5)
    assert lever.read().routed_baseline == 5
    with pytest.raises(LeverError, match="run out"):
        lever.renew(holder="a", lease_s=1)


def test_only_the_holder_moves_the_lever_but_anyone_may_restore(lever):
    lever.set_share(0.2, holder="a", lease_s=30)
    with pytest.raises(LeverError, match="'a' holds the lever"):
        lever.set_share(0.9, holder="b", lease_s=30)
    lever.restore()
    assert lever.read().share == 0
    lever.set_share(0.3, holder="b", lease_s=30)
    lever.settle(holder="b")
    assert lever.read().lease_left_s is None
    assert lever.read().share == 0.3


@pytest.mark.parametrize("share", [-0.1, 1.5, float("nan")])
def test_an_impossible_share_is_refused(lever, share):
    with pytest.raises(LeverError):
        lever.set_share(share, holder="a", lease_s=5)
    assert lever.read().share == 0


def test_the_control_port_wants_its_token(lever):
    address = lever.address
    with pytest.raises(LeverError, match="token"):
        SplitProxyLever(SplitAddress(address.port, address.control_port, "wrong")).read()
    assert SplitAddress.from_json(address.to_json()) == address


def test_a_canary_that_is_gone_costs_no_client_anything(servers):
    with reference() as (gone, process):
        process.kill()
        process.wait()
        with split_proxy(servers[0], gone) as lever:
            lever.set_share(1.0, holder="a", lease_s=30)
            answers = ask(lever.address.base_url, 5)
            assert [status for status, _ in answers] == [200] * 5
            records = lever.poll(0).records
    assert [r[1:3] for r in records] == [["canary", False], ["baseline", True]] * 5


def test_a_baseline_that_is_gone_is_a_502_and_a_record(servers):
    with split_proxy("http://127.0.0.1:9", servers[1]) as lever:
        assert ask(lever.address.base_url)[0][0] == 502
        assert lever.poll(0).records[0][2] is False
        assert lever.poll(0).records[0][6] == "connect"


def test_a_canary_that_hangs_is_a_504_and_counts_while_it_hangs(servers):
    with reference("--ttft-ms", "60000") as (slow, _), split_proxy(servers[0], slow, timeout_s=0.5) as lever:
        lever.set_share(1.0, holder="a", lease_s=30)
        assert ask(lever.address.base_url)[0][0] in (504, 200)
        record = lever.poll(0).records[0]
        assert record[1:3] == ["canary", False]
        assert record[6] == "timeout"


def test_a_server_that_dies_mid_answer_is_a_failure(servers):
    with reference("--itl-ms", "300") as (dying, process), split_proxy(servers[0], dying) as lever:
        lever.set_share(1.0, holder="a", lease_s=30)
        host, port = host_and_port(lever.address.base_url)
        connection = http.client.HTTPConnection(host, port, timeout=10)
        body = json.dumps({"model": "m", "prompt": "a", "max_tokens": 50, "stream": True})
        connection.request("POST", "/v1/completions", body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        response.read(10)
        process.kill()
        with pytest.raises((http.client.IncompleteRead, ConnectionError)):
            response.read()
        connection.close()
        time.sleep(0.2)
        assert lever.poll(0).records[0][1:3] == ["canary", False]


def test_what_is_no_http_harms_nobody(lever):
    import socket

    for junk in (b"\x16\x03\x01 tls?", b"GET / HTTP/1.1\r\nno colon here\r\n\r\n", b""):
        with socket.create_connection(("127.0.0.1", lever.address.port)) as plain:
            plain.sendall(junk)
    assert ask(lever.address.base_url)[0][0] == 200


def test_a_hop_that_is_gone_is_a_lever_error(servers):
    with split_proxy(*servers) as lever:
        pass
    with pytest.raises(LeverError, match="does not answer"):
        lever.read()


@pytest.mark.parametrize("url", ["ftp://a:1", "http://a", "127.0.0.1:80", "http://a:99999", ""])
def test_a_wrong_url_is_refused(url):
    with pytest.raises(ConfigurationError, match="not an http URL"):
        host_and_port(url)


def test_the_degraded_hop_delays_and_fails_its_share(servers):
    with degraded(servers[0], Degradation(delay_share=0, delay_ms=0, fail_share=1)) as url:
        assert ask(url)[0][0] == 503
    with degraded(servers[0], Degradation(delay_share=1, delay_ms=150, fail_share=0)) as url:
        begun = time.monotonic()
        assert ask(url)[0][0] == 200
        assert time.monotonic() - begun >= 0.15
    in_medians = Degradation(delay_share=1, delay_ms=0, delay_medians=60)
    with degraded(servers[0], in_medians) as url:
        ask(url)  # before the first answer there is no median
        begun = time.monotonic()
        ask(url)
        assert time.monotonic() - begun >= 60 * 0.005, "an answer takes 5 ms at least"
    assert in_medians.describe() == "60 medians added to 100% of requests"
    assert Degradation(fail_share=0.2).describe() == "400 ms added to 50% of requests, 20% of requests failed"


def test_the_source_counts_what_the_split_saw(lever):
    lever.set_share(0.5, holder="a", lease_s=30)
    ask(lever.address.base_url, 30)
    source = FeedSource(lever, memory=lambda arm: 1e6 if arm == "canary" else None)
    source.poll()
    records = source.records()
    assert len(records) == 30
    assert set(records.values) == {"latency_ms", "ttft_ms", "memory_bytes"}
    source.poll()
    assert len(source.records()) == 30


def test_an_owned_hop_ends_with_its_owner(servers, tmp_path):
    script = (
        "import sys, time\nfrom acceltrial.canary.levers.split_proxy import split_proxy\n"
        f"with split_proxy({servers[0]!r}, {servers[1]!r}) as lever:\n"
        "    print(lever.address.to_json(), flush=True)\n    time.sleep(60)\n"
    )
    owner = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    lever = SplitProxyLever(SplitAddress.from_json(owner.stdout.readline().decode()))
    assert lever.read().share == 0
    os.kill(owner.pid, signal.SIGKILL)
    owner.wait()
    owner.stdout.close()
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            lever.read()
        except LeverError:
            return
        time.sleep(0.1)
    pytest.fail("the hop outlived its owner")
