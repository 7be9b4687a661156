from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from acceltrial.traces import TraceStats, generate, generator_spec, open_trace, trace_stats
from stages.classify.params import ClassifyParams
from stages.classify.shape import observed_shape, shape_ruling

Make = Callable[..., dict[str, Any]]
P = ClassifyParams()


def test_poisson_is_steady_and_bursts_are_bursty(
    workload: Make, steady: TraceStats, bursty: TraceStats
) -> None:
    for stats, shape in ((steady, "steady"), (bursty, "bursty")):
        found = observed_shape(workload(), stats, P)
        assert found is not None
        assert found.value == shape
        assert "IDC" in found.evidence


@pytest.mark.parametrize("rate", [0.02, 0.2, 2.0])
def test_a_slow_poisson_stream_is_not_called_bursty_by_chance(workload: Make, rate: float) -> None:
    for seed in range(5):
        spec = generator_spec({"preset": "poisson", "rate_rps": rate, "duration_s": 400 / rate})
        found = observed_shape(workload(), trace_stats([generate(spec, seed)]), P)
        assert found is not None
        assert found.value == "steady"


def test_thinned_bursts_stay_bursty(workload: Make) -> None:
    stats = trace_stats(
        [generate(generator_spec({"preset": "azure_code", "rate_rps": 0.25, "duration_s": 7200}), 2)]
    )
    found = observed_shape(workload(), stats, P)
    assert found is not None
    assert found.value == "bursty"


def test_recorded_traffic_outweighs_the_word_and_generated_does_not(
    workload: Make, bursty: TraceStats
) -> None:
    declared = workload(declared_shape="steady")
    recorded = shape_ruling(declared, bursty, True, P)
    assert (recorded.decided, recorded.agreement) == ("bursty", "disagree")
    generated = shape_ruling(declared, bursty, False, P)
    assert (generated.decided, generated.agreement) == ("steady", "disagree")
    assert "generated" in generated.evidence


def test_too_little_traffic_leaves_the_declaration_or_unknown(workload: Make, steady: TraceStats) -> None:
    few = replace(steady, rows=20)
    for stats in (None, few):
        assert shape_ruling(workload(), stats, True, P).decided == "unknown"
        ruling = shape_ruling(workload(declared_shape="batch"), stats, True, P)
        assert (ruling.decided, ruling.agreement) == ("batch", "declared_only")


def test_deadlines_batch_windows_and_events(workload: Make, steady: TraceStats) -> None:
    batch = workload(kind="batch", deadline_h=8.0, slo_ttft_ms=None, slo_tpot_ms=None)
    assert shape_ruling(batch, steady, True, P).rule == "shape.deadline"
    nightly = replace(steady, active_hours_share=0.2)
    assert shape_ruling(workload(), nightly, True, P).decided == "batch"
    spec = generator_spec({"preset": "sensor_events", "rate_rps": 5, "duration_s": 600})
    events = workload(kind="sensor", always_on=True, event_driven=True)
    assert shape_ruling(events, trace_stats([generate(spec, 0)]), True, P).decided == "always_on_events"


@pytest.mark.parametrize(("name", "shape"), [("code", "bursty"), ("conv", "steady")])
def test_published_traces(shared_data: Path, workload: Make, name: str, shape: str) -> None:
    stats = trace_stats(open_trace(shared_data / "traces" / f"azure_llm_2023_{name}.csv.gz"))
    found = observed_shape(workload(), stats, P)
    assert found is not None
    assert found.value == shape
