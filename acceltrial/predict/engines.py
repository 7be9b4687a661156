"""Serving engines, where a row names one: they split time differently into first and later tokens."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

import numpy as np

ENGINES = ("trtllm", "vllm", "sglang")
CACHE_WIDTH = np.array([0.5, 1.0, 1.0])
"""Bytes of a cache entry beside weights of eight bits and less, as a share of 16 bits, engine by engine:
TensorRT-LLM's eight-bit checkpoints carry an eight-bit cache, the others keep 16 bits unless told."""
UNKNOWN_WIDTH = 0.7
"""Between the two, where no engine is named."""
COLUMNS = ("engine", "runtime", "source", "system")
"""Optional columns that may name an engine."""
_PATTERNS = {"vllm": r"vllm", "sglang": r"sglang", "trtllm": r"(?<![a-z])(trt|tensorrt|nim\b)"}


def engine_named(row: Mapping[str, str | None]) -> str:
    """The engine that an optional column of `row` names; empty where none does."""
    said = " ".join(filter(None, [row.get(name) for name in COLUMNS]))
    return _engine(said) if said else ""


@lru_cache(maxsize=4096)
def _engine(said: str) -> str:
    said = said.lower()
    return next((name for name, pattern in _PATTERNS.items() if re.search(pattern, said)), "")
