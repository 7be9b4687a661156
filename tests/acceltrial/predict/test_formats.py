"""Number formats in the words of tools and model names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acceltrial.predict.formats import format_in_name, format_named
from acceltrial.predict.refusal import RefusedError


@pytest.mark.parametrize(
    ("text", "weights", "unpacked"),
    [
        ("FP8", "fp8", False),
        ("fp8_e4m3", "fp8", False),
        ("bfloat16", "bf16", False),
        ("NVFP4", "fp4", False),
        ("MXFP4", "fp4", False),
        ("W8A8", "int8", False),
        ("w-int8", "int8", True),
        ("W8A16", "int8", True),
        ("AWQ", "int4", False),
        ("Q8_0", "int8", True),
        ("bfp8", "fp8", False),
        ("bf16-matmul", "bf16", False),
        ("auto", "", False),
        ("", "", False),
    ],
)
def test_formats_as_written(text: str, weights: str, unpacked: bool) -> None:
    assert format_named(text) == (weights, unpacked)


@given(st.text(max_size=30))
def test_a_format_is_known_or_refused(text: str) -> None:
    try:
        weights, _ = format_named(text)
    except RefusedError:
        return
    assert weights in {"", "fp32", "tf32", "bf16", "fp16", "fp8", "int8", "int4", "fp4"}


@pytest.mark.parametrize(
    ("model", "weights"),
    [
        ("nvidia/Llama-3.1-8B-Instruct-FP8", "fp8"),
        ("DeepSeek-R1-NVFP4", "fp4"),
        ("Qwen2.5-7B-Instruct-AWQ", "int4"),
        ("Meta-Llama-3.1-8B-Instruct-quantized.w8a8", "int8"),
        ("Llama-3.1-8B", ""),
    ],
)
def test_a_model_may_name_its_format(model: str, weights: str) -> None:
    assert format_in_name(model)[0] == weights
