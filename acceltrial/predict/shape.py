"""A model as the predictor sees it: what must be held, read and computed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

BYTES_PER_PARAMETER = {
    "fp32": 4.0,
    "tf32": 4.0,
    "bf16": 2.0,
    "fp16": 2.0,
    "fp8": 1.0,
    "int8": 1.0,
    # Four-bit formats carry a scale for each group of 32 weights or so: 4.5 bits a weight.
    "int4": 0.5625,
    "fp4": 0.5625,
}
KV_BYTES = 2.0
"""Keys and values stay in 16 bits unless a case says otherwise."""
SLIDING_SHARES = {"gemma-2": 1 / 2, "gemma-3": 5 / 6, "gpt-oss": 1 / 2, "starcoder2": 1.0}
"""Layers with a sliding window: Gemma 2 (arXiv 2408.00118) and 3 (2503.19786), gpt-oss (2508.10925),
StarCoder 2 (2402.19173)."""
TOKEN_FAMILIES = frozenset({"dense_llm", "moe_llm", "multimodal"})
ENCODER_FAMILIES = frozenset({"embedding", "reranker"})


@dataclass(frozen=True, slots=True)
class ModelShape:
    """Architecture figures of a model; None means unknown or not applicable.

    `params_b` and `active_params_b` in 10^9; `kv_bytes_per_token` in bytes at 16 bits, given where heads
    and layers do not tell it; `flops_per_inference` for models without tokens.
    """

    model: str
    family: str
    params_b: float
    active_params_b: float
    layers: int | None = None
    hidden_size: int | None = None
    heads: int | None = None
    kv_heads: int | None = None
    head_dim: int | None = None
    ffn_size: int | None = None
    vocabulary: int | None = None
    context_window: int | None = None
    sliding_window: int | None = None
    experts: int | None = None
    active_experts: int | None = None
    kv_bytes_per_token: float | None = None
    flops_per_inference: float | None = None
    synops_per_inference: float | None = None
    native_precision: str = "bf16"

    def __post_init__(self) -> None:
        for name in ("params_b", "active_params_b"):
            value = getattr(self, name)
            if not math.isfinite(value) or value <= 0:
                raise ValueError(f"{name} must be positive and finite, not {value}")

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> ModelShape:
        """The shape in a row of a models table; columns that are no figures are ignored."""
        return cls(**{field.name: row[field.name] for field in fields(cls) if field.name in row})

    def weight_gb(self, precision: str) -> float:
        """GB that the weights take."""
        return self.params_b * BYTES_PER_PARAMETER[precision]

    def kv_gb_per_token(self, context: float = 0.0) -> float | None:
        """GB of keys and values a token; 0 for models without a cache, None when unknown.

        2 (key and value) × layers × KV heads × head size × bytes; for latent attention (MLA) those that
        the model's table gives. Layers with a sliding window keep at most its tokens: at a longer `context`
        their mean a token falls to window ÷ context. Context 0 deducts nothing: an upper bound.
        """
        if self.family not in TOKEN_FAMILIES:
            return 0.0
        if self.kv_bytes_per_token is not None:
            return self.kv_bytes_per_token / 1e9
        kept = 1.0
        if self.sliding_window and context > self.sliding_window:
            kept -= self.sliding_share() * (1.0 - self.sliding_window / context)
        size = self.head_dim or (self.hidden_size // self.heads if self.hidden_size and self.heads else None)
        heads = self.kv_heads or self.heads
        if not (self.layers and heads and size):
            return None
        return kept * 2.0 * self.layers * heads * size * KV_BYTES / 1e9

    def sliding_share(self) -> float:
        """Share of the layers that keep a window, by model line; 0 where it is not known."""
        return next((share for line, share in SLIDING_SHARES.items() if self.model.startswith(line)), 0.0)

    def read_gb_per_step(self, precision: str, batch: float) -> float:
        """GB of weights that one decode step reads.

        A mixture of experts reads the experts that its batch touches: with E experts, k active a token and a
        batch of b, a share 1 - (1 - k/E)^b of the expert weights, if the router spreads them evenly.
        """
        total = self.weight_gb(precision)
        if not (self.experts and self.active_experts) or self.experts <= 1:
            return total
        share = self.active_experts / self.experts
        active = self.active_params_b * BYTES_PER_PARAMETER[precision]
        if share >= 1 or active >= total:
            return total
        # active = shared + share × expert part; total = shared + expert part
        expert_part = (total - active) / (1.0 - share)
        shared = max(total - expert_part, 0.0)
        touched = 1.0 - (1.0 - share) ** max(batch, 1.0)
        return float(min(total, shared + expert_part * touched))

    def flops(self, tokens: float, context: float = 0.0) -> float:
        """Operations of a forward pass over `tokens` tokens, each attending to `context` others on average.

        2 × active parameters × tokens, and 4 × layers × heads × head size × tokens × context for attention
        (scores and their product with the values).
        """
        width = (self.heads or 0) * (self.head_dim or 0) or (self.hidden_size or 0)
        attention = 4.0 * (self.layers or 0) * width * tokens * context
        return 2.0 * self.compute_params_b() * 1e9 * tokens + attention

    def compute_params_b(self) -> float:
        """Parameters in 10^9 that a token is multiplied with: an encoder's embedding is only looked up."""
        if self.family in ENCODER_FAMILIES and self.vocabulary and self.hidden_size:
            looked_up = self.vocabulary * self.hidden_size / 1e9
            return max(self.active_params_b - looked_up, 0.05 * self.active_params_b)
        return self.active_params_b
