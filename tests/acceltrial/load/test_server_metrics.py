"""Metrics of the server."""

from __future__ import annotations

import socket
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acceltrial.load.address import resolve
from acceltrial.load.server_metrics import ServerMetrics, known_figures, read_into, watching
from tests.acceltrial.load.conftest import socket_server

TEXT = """# HELP llamacpp:requests_processing Number of requests processing.
# TYPE llamacpp:requests_processing gauge
llamacpp:requests_processing 3
llamacpp:tokens_predicted_total{model="a"} 100
llamacpp:tokens_predicted_total{model="b"} 20
vllm:num_requests_waiting NaN
something_else 5
"""


def test_known_figures() -> None:
    assert known_figures(TEXT) == {"running": 3.0, "output_tokens": 120.0}
    assert known_figures("") == {}


@given(st.text(max_size=200))
def test_any_text_is_read(text: str) -> None:
    assert all(isinstance(value, float) for value in known_figures(text).values())


def test_watching_a_server() -> None:
    count = [0]

    def answer(connection: socket.socket) -> None:
        connection.recv(4_096)
        count[0] += 10
        body = f"llamacpp:requests_processing 2\nllamacpp:tokens_predicted_total {count[0]}\n".encode()
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))

    with socket_server(answer) as port, watching(resolve(f"http://127.0.0.1:{port}/v1")) as found:
        deadline = time.monotonic() + 5
        while not found.rows and time.monotonic() < deadline:
            time.sleep(0.01)
    summary = found.summary()
    assert summary is not None
    assert summary["running"]["max"] == 2.0
    assert summary["output_tokens"] == 10.0 * (summary["readings"] - 1)


def test_growth_and_restart() -> None:
    found = ServerMetrics(
        [
            {"at_s": 0.0, "output_tokens": 5.0, "running": 1.0},
            {"at_s": 1.0, "output_tokens": 9.0, "running": 3.0},
        ]
    )
    assert found.summary() == {"readings": 2, "output_tokens": 4.0, "running": {"max": 3.0, "mean": 2.0}}
    found.rows.append({"at_s": 2.0, "output_tokens": 1.0})
    summary = found.summary()
    assert summary is not None
    assert summary["output_tokens"] is None  # the server started anew: its growth is not known


def test_nothing_there() -> None:
    found = ServerMetrics()
    read_into(found, resolve("http://127.0.0.1:9/v1"))
    assert found.rows == []
    assert "refused" in found.reason
    assert found.summary() is None


VLLM = """vllm:num_requests_running{{model_name="m"}} {running}
vllm:num_requests_waiting{{model_name="m"}} 2
vllm:kv_cache_usage_perc{{model_name="m"}} 0.25
vllm:generation_tokens_total{{model_name="m"}} {tokens}
vllm:request_success_total{{finished_reason="stop",model_name="m"}} {n}
vllm:request_success_total{{finished_reason="length",model_name="m"}} {n}
vllm:time_to_first_token_seconds_bucket{{le="0.1",model_name="m"}} 7
vllm:time_to_first_token_seconds_sum{{model_name="m"}} {ttft}
vllm:time_to_first_token_seconds_count{{model_name="m"}} {n}
vllm:request_queue_time_seconds_sum{{model_name="m"}} {queue}
vllm:request_queue_time_seconds_count{{model_name="m"}} {n}
"""


def test_vllm_histograms_over_a_run() -> None:
    """A real HTTP server with vLLM's names and shapes, whose figures move between readings."""
    state = {"n": 10}

    def answer(connection: socket.socket) -> None:
        connection.recv(4_096)
        n = state["n"]
        state["n"] += 5
        text = VLLM.format(running=n % 7, tokens=n * 20, n=n, ttft=n * 0.25, queue=n * 0.05)
        body = text.encode()
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))

    with socket_server(answer) as port:
        found = ServerMetrics()
        for _ in range(4):
            read_into(found, resolve(f"http://127.0.0.1:{port}/v1"))
    assert found.growth("requests") == 30.0  # two finish reasons together
    assert found.growth("output_tokens") == 300.0
    assert found.mean_ms("ttft") == pytest.approx(250.0)
    assert found.mean_ms("queue") == pytest.approx(50.0)
    assert found.mean_ms("decode") is None
    assert found.time_average("waiting") == 2.0
    summary = found.summary()
    assert summary is not None
    assert summary["ttft_mean_ms"] == pytest.approx(250.0)
    assert summary["cache_use"] == {"max": 0.25, "mean": 0.25}


def test_the_mean_over_time_weighs_by_time() -> None:
    found = ServerMetrics(
        [{"at_s": 0.0, "waiting": 0.0}, {"at_s": 1.0, "waiting": 4.0}, {"at_s": 9.0, "waiting": 4.0}]
    )
    assert found.time_average("waiting") == pytest.approx((2 + 32) / 9)
    assert found.time_average("running") is None
