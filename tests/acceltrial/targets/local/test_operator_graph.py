"""Exports in this process, of architectures small enough to be quick."""

from __future__ import annotations

import json
from typing import Any

import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")

from acceltrial.targets.local.operator_graph import describe

TINY: dict[str, Any] = {
    "model_type": "bert", "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2,
    "intermediate_size": 16, "vocab_size": 10,
}  # fmt: skip


@pytest.mark.slow
def test_a_small_encoder_has_products_and_no_breaks() -> None:
    found = describe(json.dumps(TINY))
    assert found["problem"] == ""
    assert found["dynamic_shapes"] is True
    assert found["graph_breaks"] == 0
    assert {"aten::addmm", "aten::native_layer_norm"} <= set(found["operators"])
    assert all(name.count("::") == 1 and number > 0 for name, number in found["operators"].items())
