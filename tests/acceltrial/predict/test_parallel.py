"""Bubbles and exchange of split models."""

from __future__ import annotations

from dataclasses import replace

import pytest

from acceltrial.catalog import Catalogue
from acceltrial.predict.device import Device
from acceltrial.predict.parallel import (
    Split,
    bubble_share,
    expert_gb,
    gradient_gb,
    handover_gb,
    tensor_gb,
)
from acceltrial.predict.shape import ModelShape
from acceltrial.predict.training import TrainingCase, predict_training, step_seconds


def test_a_pipeline_waits_less_with_more_micro_batches() -> None:
    assert bubble_share(Split()) == 0.0
    assert bubble_share(Split(pipeline=4, micro_batches=1)) == 0.75
    assert bubble_share(Split(pipeline=4, micro_batches=61)) == pytest.approx(3 / 64)


def test_exchange_follows_its_formulas(llama: ModelShape, catalogue: Catalogue) -> None:
    tokens = 1000.0
    # Two all-reduces in each of 32 layers, 4096 wide, 2 bytes, 2 × 7/8 over eight devices.
    assert tensor_gb(llama, tokens, Split(tensor=8)) == pytest.approx(2 * 32 * 1e3 * 4096 * 2 * 1.75 / 1e9)
    assert tensor_gb(llama, tokens, Split(tensor=8), backward=True) == pytest.approx(
        2 * tensor_gb(llama, tokens, Split(tensor=8))
    )
    assert tensor_gb(llama, tokens, Split()) == 0.0
    assert handover_gb(llama, tokens, Split(pipeline=2)) == pytest.approx(1e3 * 4096 * 2 / 1e9)
    assert gradient_gb(llama, 8, Split()) == pytest.approx(2 * 7 / 8 * 2 * llama.params_b)
    assert gradient_gb(llama, 8, Split(tensor=8)) == 0.0
    assert expert_gb(llama, tokens, Split(expert=8)) == 0.0
    mixture = ModelShape.from_row(catalogue.model("mixtral-8x7b"))
    sent = 2 * 32 * (1000 / 8) * 4096 * 2 * 2 * 7 / 8 / 1e9
    assert expert_gb(mixture, tokens, Split(expert=8)) == pytest.approx(sent)


def test_a_split_that_does_not_fit_is_refused(h100: Device, llama: ModelShape) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        Split(tensor=0)
    with pytest.raises(ValueError, match="cannot be split"):
        Split(tensor=3).copies(8)
    case = TrainingCase(h100, llama, 8, "bf16", 64, 2048, Split(tensor=3))
    from datetime import UTC, datetime

    refused = predict_training(case, now=datetime(2026, 11, 22, tzinfo=UTC))["mfu", "mean"]
    assert refused.value is None
    assert "cannot be split" in refused.reason


def test_training_steps_pay_for_their_split(h100: Device, llama: ModelShape) -> None:
    plain = TrainingCase(h100, llama, 8, "bf16", 64, 2048)
    piped = replace(plain, split=Split(pipeline=4, micro_batches=8))
    assert step_seconds(piped, 0.4) > step_seconds(plain, 0.4)
    assert step_seconds(replace(plain, split=Split(tensor=8)), 0.4) > step_seconds(plain, 0.4)
    many = replace(piped, split=Split(pipeline=4, micro_batches=512))
    assert step_seconds(many, 0.4) < step_seconds(piped, 0.4)
