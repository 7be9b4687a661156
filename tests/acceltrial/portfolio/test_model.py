from __future__ import annotations

from typing import Any, get_args

import pytest
from pydantic import ValidationError

from acceltrial.portfolio.model import Model, Precision
from schemas.base import PRECISIONS

BASE: dict[str, Any] = {
    "id": "m",
    "family": "dense_llm",
    "params_b": 7.0,
    "native_precision": "bf16",
    "source": "a card",
    "as_of": "2025",
    "confidence": "vendor_doc",
}


def test_the_precisions_are_those_of_the_tables() -> None:
    assert list(get_args(Precision)) == PRECISIONS


@pytest.mark.parametrize(
    "change",
    [
        {"active_params_b": 8.0},
        {"experts": 8, "active_experts": 9},
        {"heads": 32, "kv_heads": 5},
        {"heads": 4, "kv_heads": 8},
        {"context_window": 100, "sliding_window": 101},
        {"params_b": 0},
        {"params_b": 1e9},
        {"layers": -1},
        {"layers": 1.5},
        {"source": ""},
        {"confidence": "sure"},
    ],
)
def test_figures_that_cannot_be_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Model.model_validate({**BASE, **change})


def test_figures_that_fit_are_taken() -> None:
    model = Model.model_validate({**BASE, "heads": 32, "kv_heads": 8, "experts": 8, "active_experts": 2})
    assert model.active_params_b is None
