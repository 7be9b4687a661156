from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acceltrial.catalog import Catalogue
from acceltrial.predict.shape import ModelShape


def test_cache_of_grouped_heads(llama: ModelShape) -> None:
    # 2 × 32 layers × 8 heads × 128 × 2 bytes
    assert llama.kv_gb_per_token() == pytest.approx(131_072e-9)


def test_a_stated_cache_wins_and_encoders_have_none(catalogue: Catalogue) -> None:
    latent = ModelShape.from_row(catalogue.model("deepseek-v3"))
    assert latent.kv_gb_per_token() == pytest.approx(70_272e-9)
    encoder = ModelShape.from_row(catalogue.model("all-minilm-l6-v2"))
    assert encoder.kv_gb_per_token() == 0.0


def test_unknown_layers_mean_an_unknown_cache(llama: ModelShape) -> None:
    assert replace(llama, layers=None).kv_gb_per_token() is None


MIXTURE = ModelShape("mixture", "moe_llm", 46.7, 12.9, layers=32, experts=8, active_experts=2)


@settings(deadline=None)
@given(st.floats(1, 4096), st.floats(1, 4096))
def test_experts_read_between_the_active_share_and_all(one: float, other: float) -> None:
    shape = MIXTURE
    low, high = sorted((one, other))
    assert shape.active_params_b * 2 * 0.99 <= shape.read_gb_per_step("bf16", low)
    assert (
        shape.read_gb_per_step("bf16", low) <= shape.read_gb_per_step("bf16", high) <= shape.weight_gb("bf16")
    )


@pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), float("inf")])
def test_impossible_sizes_are_refused(llama: ModelShape, value: float) -> None:
    with pytest.raises(ValueError, match="params_b"):
        replace(llama, params_b=value)


def test_an_encoders_embedding_is_looked_up(catalogue: Catalogue) -> None:
    wide = ModelShape.from_row(catalogue.model("xlm-roberta-base"))
    assert wide.compute_params_b() < 0.35 * wide.params_b
