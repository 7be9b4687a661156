"""Metrics, units and scenarios in the words of tools and papers."""

from __future__ import annotations

import pytest

from acceltrial.predict.refusal import RefusedError
from acceltrial.predict.wording import asked, scenario_named


@pytest.mark.parametrize(
    ("metric", "unit", "kind", "factor"),
    [
        ("tpot_p50", "ms", "tpot", 1.0),
        ("median_ttft_ms", "ms", "ttft", 1.0),
        ("mean_itl_ms", "s", "tpot", 1e-3),
        ("Time to first token", "seconds", "ttft", 1e-3),
        ("E2E latency", "s", "e2e", 1e-3),
        ("ITL", "ms/token", "tpot", 1.0),
        ("output_throughput", "tokens per second", "throughput", 1.0),
        ("output_throughput", "tok/s/gpu", "throughput", 1 / 8),
        ("output_throughput", "tok/s/user", "throughput", 1 / 16),
        ("total_token_throughput", "tokens/sec", "throughput", 1.5),
        ("request_throughput", "req/s", "throughput", 1 / 200),
        ("Tokens/s", "tok/s", "throughput", 1.0),
        ("throughput", "samples/s", "samples", 1.0),
        ("samples_throughput", "queries/s", "samples", 1.0),
        ("samples_throughput", "images/s", "samples", 1.0),
        ("samples_throughput", "QPS", "samples", 1.0),
        ("Mean TPOT (ms)", "", "tpot", 1.0),
        ("mean_ttft_ms", "", "ttft", 1.0),
        ("Request throughput (req/s)", "", "throughput", 1 / 200),
        ("Total Token throughput (tok/s)", "tok/s", "throughput", 1.5),
        ("tokens/sec/GPU", "", "throughput", 1 / 8),
        ("output_tokens_per_second_per_gpu", "tok/s", "throughput", 1 / 8),
        ("tps/user", "tps/user", "throughput", 1 / 16),
        ("images/sec", "images/sec", "samples", 1.0),
        ("latency", "ms/token", "tpot", 1.0),
        ("latency", "ms", "e2e", 1.0),
        ("Median Output Speed (tokens/s)", "tokens/s", "tpot", 1e3),
    ],
)
def test_metrics_and_units_as_written(metric: str, unit: str, kind: str, factor: float) -> None:
    found = asked(metric, unit)
    assert found.kind == kind
    assert found.row_factor(8, 16.0, 100.0, 200.0) == pytest.approx(factor)


@pytest.mark.parametrize(
    ("metric", "unit", "says"),
    [
        ("p99_ttft_ms", "ms", "tails hang on arrivals"),
        ("joy", "ms", "not predicted; known"),
        ("ttft_mean", "tok/s", "does not fit"),
        ("output_throughput", "ms", "does not fit"),
        ("output_throughput", "samples/s", "does not fit"),
        ("output_throughput", "tok/s/mile", "does not fit"),
        ("ttft_mean", "ms/gpu", "does not fit"),
        ("ttft_mean", "ms/token", "does not fit"),
        ("tpot_mean", "ms/request", "does not fit"),
        ("e2e_latency_mean", "ms/token", "does not fit"),
        ("tokens/s/gpu", "tok/s/user", "does not fit"),
        ("output_speed", "tok/s/gpu", "does not fit"),
        ("tput_per_gpu", "tok/s/gpu", "not predicted"),
        ("tpot_mean", "", "unit is empty"),
        ("<b>", "ms", "not predicted"),
    ],
)
def test_other_metrics_and_units_are_refused(metric: str, unit: str, says: str) -> None:
    with pytest.raises(RefusedError, match=says):
        asked(metric, unit)


def test_a_rate_for_each_user_needs_users() -> None:
    with pytest.raises(RefusedError, match="needs a concurrency"):
        asked("output_throughput", "tok/s/user").row_factor(1, None, 1.0, 1.0)


@pytest.mark.parametrize(
    ("text", "lengths", "concurrency", "scenario"),
    [
        ("Offline", True, False, "offline_max"),
        ("offline", False, False, "mlperf_offline"),
        ("Server", False, False, "mlperf_server"),
        ("server", True, True, "closed_loop"),
        ("online", True, True, "closed_loop"),
        ("Single Stream", True, True, "closed_loop"),
        ("MLPerf-Offline", False, False, "mlperf_offline"),
        ("static batch", True, True, "fixed_batch"),
        ("fixed_batch", True, True, "fixed_batch"),
    ],
)
def test_scenarios_as_written(text: str, lengths: bool, concurrency: bool, scenario: str) -> None:
    assert scenario_named(text, lengths=lengths, concurrency=concurrency) == scenario


def test_a_scenario_that_rows_cannot_describe_is_refused() -> None:
    with pytest.raises(RefusedError, match="not known"):
        scenario_named("poisson", lengths=True, concurrency=True)
