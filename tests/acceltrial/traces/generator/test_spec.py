from __future__ import annotations

from typing import Any

import pytest

from acceltrial.errors import ConfigurationError
from acceltrial.traces import trace_stats
from acceltrial.traces.generator import PRESETS, generate, generator_spec, spec_from_stats


def test_a_preset_at_another_rate_keeps_its_rate_variation() -> None:
    spec = generator_spec({"preset": "azure_code", "rate_rps": 0.257})
    assert spec.idc_10s == pytest.approx(1 + 0.1 * 70.9)
    assert generator_spec({"preset": "azure_code", "rate_rps": 0.257, "idc_10s": 3}).idc_10s == 3


@pytest.mark.parametrize(
    "settings",
    [
        {"preset": "azure"}, {"preset": "<b>"}, {"rate_rps": -1}, {"rate_rps": float("nan")}, {}, {"rate": 3},
        {"rate_rps": 1, "idc_1s": float("inf")}, {"rate_rps": 1e6, "duration_s": 1e6}, {"rate_rps": "fast"},
        {"rate_rps": 1, "active": {"start_s": 80_000, "length_s": 80_000}},
    ],
)  # fmt: skip
def test_settings_that_cannot_be_are_usage_errors(settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        generator_spec(settings)
    assert caught.value.remedy


def test_presets_name_source_and_date_where_published() -> None:
    for name, spec in PRESETS.items():
        assert spec.source, name
        assert spec.as_of or "declared" in spec.source or name == "poisson"


def test_a_trace_can_be_imitated_from_its_statistics() -> None:
    first = trace_stats([generate(PRESETS["azure_conversation"], 5)])
    spec = spec_from_stats(first, "a trace")
    second = trace_stats([generate(spec, 6)])
    assert second.idc_60s == pytest.approx(first.idc_60s, rel=0.4)
    assert second.input_tokens.p95 == pytest.approx(first.input_tokens.p95, rel=0.1)


def test_a_trace_without_rate_cannot_be_imitated() -> None:
    with pytest.raises(ConfigurationError, match="no rate"):
        spec_from_stats(trace_stats([]), "empty")
