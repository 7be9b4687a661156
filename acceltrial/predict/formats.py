"""Number formats in the words of benchmark tools and model names."""

from __future__ import annotations

import re
from functools import lru_cache

from acceltrial.predict.refusal import RefusedError
from acceltrial.predict.shape import BYTES_PER_PARAMETER

_FORMATS = {
    "float32": "fp32", "float": "fp32", "float16": "fp16", "half": "fp16", "bfloat16": "bf16",
    "float8": "fp8",
    "e4m3": "fp8", "fp8_e4m3": "fp8", "e5m2": "fp8", "fp8_e5m2": "fp8", "mxfp8": "fp8", "fp8_dynamic": "fp8",
    "fp8_w8a8": "fp8", "w8a8_fp8": "fp8", "float4": "fp4", "nvfp4": "fp4", "mxfp4": "fp4", "i8": "int8",
    "w8a8": "int8", "int8_w8a8": "int8", "w8a8_int8": "int8", "i4": "int4", "w4a16": "int4", "awq": "int4",
    "gptq": "int4", "awq_int4": "int4", "gptq_int4": "int4", "int4_awq": "int4", "int4_gptq": "int4",
    "q4": "int4", "q4_0": "int4", "q4_k_m": "int4", "4bit": "int4", "w8a16": "w_int8", "q8_0": "w_int8",
    "q8": "w_int8", "8bit": "w_int8", "bnb_4bit": "int4", "nf4": "int4", "bnb_nf4": "int4", "f8": "fp8",
    "fp8_kv": "fp8", "bfp8": "fp8", "bfp8_b": "fp8", "blockfp8": "fp8", "smoothquant": "int8",
}  # fmt: skip
_NOT_SAID = frozenset({"auto", "default", "n_a", "na", "none", "unknown", "unspecified"})
_IN_A_NAME = {
    "fp4": r"nvfp4|mxfp4|fp4", "fp8": r"fp8|mxfp8", "int4": r"awq|gptq|int4|w4a16|4bit|q4_k_m|q4_0",
    "int8": r"int8|w8a8", "w_int8": r"w8a16|q8_0|8bit",
}  # fmt: skip


def format_named(text: str) -> tuple[str, bool]:
    """The format of weights, and whether products keep 16 bits ("w-int8"); "" where the text tells none.

    Raises:
        RefusedError: unknown.
    """
    words = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_").removesuffix("_matmul")
    if not words or words in _NOT_SAID:
        return "", False
    words = _FORMATS.get(words, words)
    weights = words.removeprefix("w_")
    weights = _FORMATS.get(weights, weights)
    if weights not in BYTES_PER_PARAMETER:
        raise RefusedError(f"precision {text[:40]!r} is not known; known: {', '.join(BYTES_PER_PARAMETER)}")
    return weights, words.startswith("w_")


@lru_cache(maxsize=4096)
def format_in_name(model: str) -> tuple[str, bool]:
    """The format in a model's name ("…-Instruct-FP8"), as `format_named` gives it; "" where none."""
    for name, pattern in _IN_A_NAME.items():
        if re.search(rf"(?<![a-z0-9])({pattern})(?![a-z0-9])", model.lower()):
            return name.removeprefix("w_"), name.startswith("w_")
    return "", False
