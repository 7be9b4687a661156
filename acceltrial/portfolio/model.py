"""Architecture figures of a model, with their source."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from acceltrial.portfolio.section import AsOf, Count, Name, Section, Text, Tokens

Precision = Literal["fp32", "tf32", "bf16", "fp16", "fp8", "int8", "int4", "fp4"]
Billions = Annotated[float, Field(gt=0, le=1e6)]
Confidence = Literal[
    "vendor_doc", "vendor_repo", "vendor_slides", "peer_reviewed", "third_party_repo", "third_party_page",
    "mixed", "derived", "general_knowledge", "declared",
]  # fmt: skip


class Model(Section):
    """One model that workloads or targets name. Empty means unknown or not applicable."""

    id: Name
    family: Literal[
        "dense_llm", "moe_llm", "multimodal", "embedding", "reranker",
        "classical", "deep_ranking", "spiking", "diffusion", "speech", "vision",
    ]  # fmt: skip
    params_b: Billions
    active_params_b: Billions | None = None
    """Parameters used for one token; empty: all of them."""
    layers: Count | None = None
    hidden_size: Count | None = None
    heads: Count | None = None
    kv_heads: Count | None = None
    head_dim: Count | None = None
    ffn_size: Count | None = None
    vocabulary: Count | None = None
    context_window: Tokens | None = None
    sliding_window: Tokens | None = None
    experts: Count | None = None
    active_experts: Count | None = None
    kv_bytes_per_token: Annotated[float, Field(gt=0, le=1e9)] | None = None
    flops_per_inference: Annotated[float, Field(gt=0, le=1e30)] | None = None
    synops_per_inference: Annotated[float, Field(gt=0, le=1e30)] | None = None
    native_precision: Precision
    source: Text
    as_of: AsOf
    confidence: Confidence
    note: Text | None = None

    @model_validator(mode="after")
    def _parts_fit_the_whole(self) -> Model:
        pairs = (
            ("active_params_b", self.active_params_b, "params_b", self.params_b),
            ("active_experts", self.active_experts, "experts", self.experts),
            ("kv_heads", self.kv_heads, "heads", self.heads),
            ("sliding_window", self.sliding_window, "context_window", self.context_window),
        )
        for part_name, part, whole_name, whole in pairs:
            if part is not None and whole is not None and part > whole:
                raise ValueError(f"{part_name} ({part:g}) is larger than {whole_name} ({whole:g})")
        if self.heads and self.kv_heads and self.heads % self.kv_heads:
            raise ValueError(f"heads ({self.heads}) is no multiple of kv_heads ({self.kv_heads})")
        return self
