from __future__ import annotations

import numpy as np
import pytest

from acceltrial.traces import trace_stats
from acceltrial.traces.generator import PRESETS, GeneratorSpec, fit, generate

FACTOR = 1.5
"""How far a realised figure may be from the one asked for, either way, on a trace of about an hour."""


@pytest.mark.parametrize("preset", ["azure_code", "azure_conversation", "mooncake_conversation"])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_traffic_is_near_its_figures_at_every_window(preset: str, seed: int) -> None:
    spec = PRESETS[preset]
    stats = trace_stats([generate(spec, seed)])
    assert stats.rate_rps == pytest.approx(spec.rate_rps, rel=0.3)
    for name in ("gap_cv", "idc_1s", "idc_10s", "idc_60s"):
        asked, found = getattr(spec, name), getattr(stats, name)
        if asked is not None:
            assert 1 / FACTOR <= found / asked <= FACTOR, (name, found, asked)


def test_a_poisson_process_does_not_come_near() -> None:
    spec = PRESETS["azure_code"]
    stats = trace_stats([generate(GeneratorSpec(rate_rps=spec.rate_rps, clients=1), 0)])
    for name in ("gap_cv", "idc_1s", "idc_10s", "idc_60s"):
        assert getattr(spec, name) / getattr(stats, name) > 4


@pytest.mark.parametrize(
    ("rate", "figures"),
    [
        (20.0, {"gap_cv": 3.0, "idc_1s": 5.0, "idc_10s": 20.0, "idc_60s": 60.0}),
        (0.05, {"idc_60s": 3.0}),
        (10.0, {"gap_cv": 0.5}),
        (2.0, {"idc_10s": 6.0}),
    ],
)
def test_other_figures_are_reached_too(rate: float, figures: dict[str, float]) -> None:
    spec = GeneratorSpec(rate_rps=rate, duration_s=36_000 if rate < 1 else 3600, **figures)
    found = fit(spec, 1)
    assert found.worst_ratio < FACTOR
    assert set(found.reached) == set(figures)


def test_the_same_seed_gives_the_same_fit_and_another_seed_another_trace() -> None:
    spec = PRESETS["azure_conversation"]
    assert fit(spec, 3) == fit(spec, 3)
    first, second = (generate(spec, seed)["arrival_s"].to_numpy() for seed in (3, 4))
    assert first.size != second.size or not np.allclose(first, second)
