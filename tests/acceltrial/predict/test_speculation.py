"""Drafts by a small model, checked by a large one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from acceltrial.catalog import Catalogue
from acceltrial.predict.case import ServingCase
from acceltrial.predict.parameters import load_parameters
from acceltrial.predict.physics import Physical
from acceltrial.predict.refusal import RefusedError
from acceltrial.predict.shape import ModelShape
from acceltrial.predict.speculation import (
    Speculation,
    relative_time,
    speculative_tpot_ms,
    tokens_per_round,
)


@pytest.fixture(scope="module")
def large(chat: ServingCase, catalogue: Catalogue) -> ServingCase:
    shape = ModelShape.from_row(catalogue.model("llama-3.1-70b"))
    return replace(chat, shape=shape, count=4, precision="fp8", compute="fp8", concurrency=1.0)


@pytest.fixture(scope="module")
def draft(catalogue: Catalogue) -> ModelShape:
    return ModelShape.from_row(catalogue.model("llama-3.2-1b"))


def test_a_round_yields_what_leviathan_says() -> None:
    assert tokens_per_round(4, 0.0) == 1.0
    assert tokens_per_round(4, 0.8) == pytest.approx(3.3616)
    assert tokens_per_round(1, 0.999999) == pytest.approx(2.0, rel=1e-5)


def test_drafts_help_one_request_and_cost_a_full_batch(large: ServingCase, draft: ModelShape) -> None:
    plan = Speculation(draft, 4, 0.8)
    alone = relative_time(large, plan, Physical())
    crowd = relative_time(replace(large, concurrency=256.0), plan, Physical())
    assert alone < 0.8
    assert crowd > alone
    assert relative_time(large, replace(plan, acceptance=0.0), Physical()) > 1.0


def test_the_interval_is_wider_than_without_drafts(large: ServingCase, draft: ModelShape) -> None:
    found = speculative_tpot_ms(large, Speculation(draft, 4, 0.7), load_parameters())
    assert found.low[0] < found.value[0] < found.high[0]


def test_impossible_plans_are_refused(large: ServingCase, draft: ModelShape) -> None:
    for tokens, acceptance in ((0, 0.5), (4, 1.0), (4, -0.1)):
        with pytest.raises(ValueError, match="a round drafts"):
            Speculation(draft, tokens, acceptance)
    with pytest.raises(RefusedError, match="does not fit"):
        speculative_tpot_ms(
            replace(large, count=1, precision="bf16"), Speculation(draft, 4, 0.5), load_parameters()
        )
