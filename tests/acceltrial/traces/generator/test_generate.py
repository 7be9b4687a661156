from __future__ import annotations

import polars as pl
import pytest

from acceltrial.traces import CANONICAL, generate, generator_spec, trace_stats
from acceltrial.traces.generator import PRESETS, GeneratorSpec


@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_every_preset_gives_canonical_rows_in_order(preset: str) -> None:
    spec = generator_spec({"preset": preset, "rate_rps": 1.0})
    frame = generate(spec, 1, duration_s=min(spec.duration_s, 7200))
    assert frame.schema == pl.Schema(CANONICAL)
    assert frame.height > 100
    assert frame["arrival_s"].is_sorted()
    assert frame["arrival_s"].min() >= 0  # type: ignore[operator]


@pytest.mark.parametrize("preset", ["azure_code", "azure_conversation", "mooncake_conversation"])
def test_length_quantiles_are_met_within_a_tenth(preset: str) -> None:
    spec = PRESETS[preset]
    stats = trace_stats([generate(spec, 9, duration_s=1800)])
    for lengths, asked in (
        (stats.input_tokens, spec.input_tokens),
        (stats.output_tokens, spec.output_tokens),
    ):
        assert asked is not None
        found = {0.5: lengths.p50, 0.95: lengths.p95, 0.99: lengths.p99}
        for q, tokens in asked.quantiles.items():
            assert found[q] == pytest.approx(tokens, rel=0.1)


def test_the_same_seed_gives_the_same_rows() -> None:
    spec = generator_spec({"preset": "mooncake_conversation", "duration_s": 600})
    assert generate(spec, 3).equals(generate(spec, 3))
    assert not generate(spec, 3).equals(generate(spec, 4))


def test_scoring_traffic_has_no_tokens_rather_than_zero() -> None:
    frame = generate(GeneratorSpec(rate_rps=5, duration_s=100), 0)
    assert frame["input_tokens"].null_count() == frame.height
    assert frame["prefix_tokens"].null_count() == frame.height


def test_sessions_and_system_prompts_show_as_prefixes() -> None:
    spec = generator_spec({"preset": "mooncake_conversation", "shared_prefix_tokens": 300, "duration_s": 900})
    frame = generate(spec, 2)
    assert (frame["prefix_tokens"] <= frame["input_tokens"]).all()
    assert (frame["turn"] > 0).mean() > 0.3  # type: ignore[operator]
    first = frame.filter(pl.col("turn") == 0)
    assert (first["prefix_tokens"] == first["input_tokens"].clip(upper_bound=300)).all()


def test_a_trace_too_short_for_any_request_is_empty_not_wrong() -> None:
    frame = generate(GeneratorSpec(rate_rps=1e-6, duration_s=1), 0)
    assert frame.schema == pl.Schema(CANONICAL)
