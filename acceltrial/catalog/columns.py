"""Columns, types and limits of the catalogue's tables, as the files carry them."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

ACCELERATOR_CLASSES = (
    "gpu",
    "training_accelerator",
    "inference_asic",
    "tpu",
    "npu",
    "cpu",
    "neuromorphic",
)
PRECISIONS = ("fp32", "tf32", "bf16", "fp16", "fp8", "int8", "int4", "fp4")
MODEL_FAMILIES = (
    "dense_llm",
    "moe_llm",
    "multimodal",
    "embedding",
    "reranker",
    "classical",
    "deep_ranking",
    "spiking",
    "diffusion",
    "speech",
    "vision",
)
ENVIRONMENTS = ("public_cloud", "private", "edge", "local")
PRICE_MODELS = ("on_demand", "spot", "reserved", "owned")
SUPPORT_STATES = ("documented", "unknown", "unsupported")
NAME = r"^[A-Za-z0-9][A-Za-z0-9._@+-]{0,127}$"
DATE = r"^[12][0-9]{3}(-[01][0-9](-[0-3][0-9])?)?$"


@dataclass(frozen=True, slots=True)
class Column:
    """What one column may hold.

    Attributes:
        dtype: polars type.
        required: an empty cell is refused.
        above: the smallest value that is still refused (numbers only).
        one_of: the vocabulary of a text column.
        pattern: a regular expression that a text must match.
    """

    dtype: type[pl.DataType]
    required: bool = False
    above: float | None = None
    one_of: tuple[str, ...] = ()
    pattern: str = ""


def _text(*, required: bool = True, one_of: tuple[str, ...] = (), pattern: str = "") -> Column:
    return Column(pl.String, required, one_of=one_of, pattern=pattern)


def _positive(*, required: bool = False) -> Column:
    return Column(pl.Float64, required, above=0.0)


_COUNT = Column(pl.Int64, above=0)
_NAME = _text(pattern=NAME)
_OPTIONAL = _text(required=False)

ACCELERATORS: dict[str, Column] = {
    "accelerator": _NAME,
    "vendor": _text(),
    "name": _text(),
    "accelerator_class": _text(one_of=ACCELERATOR_CLASSES),
    "family": _text(pattern=NAME),
    "year": Column(pl.Int64, above=1970),
    **{
        name: _positive()
        for name in (
            "memory_gb",
            "memory_bw_gb_s",
            "fp32_tflops",
            "tf32_tflops",
            "bf16_tflops",
            "fp16_tflops",
            "fp8_tflops",
            "int8_tops",
            "fp4_tflops",
            "interconnect_gb_s",
            "tdp_w",
            "energy_per_synop_pj",
        )
    },
    "runtimes": _OPTIONAL,
    "quantisation": _OPTIONAL,
    "availability": _OPTIONAL,
}
ACCELERATOR_FACTS: dict[str, Column] = {
    "accelerator": _NAME,
    "field": _text(),
    "value": _text(),
    "unit": _text(),
    "source": _text(),
    "as_of": _text(pattern=DATE),
    "confidence": _text(),
    "note": _OPTIONAL,
}
PRICES: dict[str, Column] = {
    "price": _NAME,
    "accelerator": _NAME,
    "provider": _text(),
    "region": _text(),
    "residency": _text(pattern=r"^(any|unspecified|[a-z]{2})$"),
    "environment": _text(one_of=ENVIRONMENTS),
    "instance_type": _OPTIONAL,
    "accelerators_per_instance": _positive(required=True),
    "model": _text(one_of=PRICE_MODELS),
    "usd_per_accelerator_hour": _positive(required=True),
    "grade": _text(one_of=("published", "declared", "measured")),
    "source": _text(),
    "as_of": _text(pattern=DATE),
    "confidence": _text(),
    "note": _OPTIONAL,
}
_MODEL_COUNTS = (
    "layers",
    "hidden_size",
    "heads",
    "kv_heads",
    "head_dim",
    "ffn_size",
    "vocabulary",
    "context_window",
    "sliding_window",
    "experts",
    "active_experts",
)
MODELS: dict[str, Column] = {
    "model": _NAME,
    "family": _text(one_of=MODEL_FAMILIES),
    "params_b": _positive(required=True),
    "active_params_b": _positive(required=True),
    **dict.fromkeys(_MODEL_COUNTS, _COUNT),
    "kv_bytes_per_token": _positive(),
    "flops_per_inference": _positive(),
    "synops_per_inference": _positive(),
    "native_precision": _text(one_of=PRECISIONS),
    "source": _text(),
    "as_of": _text(pattern=DATE),
    "confidence": _text(),
}
CLASSES: dict[str, Column] = {
    "accelerator_class": _text(one_of=ACCELERATOR_CLASSES),
    "best_fit": _text(),
    "strengths": _text(),
    "risks": _text(),
    "question": _text(),
}
ALIASES: dict[str, Column] = {
    "kind": _text(one_of=("accelerator", "model")),
    "alias": _text(),
    "id": _NAME,
}
RUNTIMES: dict[str, Column] = {
    "runtime": _text(),
    "hardware": _text(),
    "feature": _text(),
    "state": _text(one_of=SUPPORT_STATES),
    "source": _text(),
    "as_of": _text(pattern=DATE),
    "confidence": _text(),
    "note": _OPTIONAL,
}
OPERATORS: dict[str, Column] = {
    "backend": _text(),
    "operator": _text(),
    "state": _text(one_of=SUPPORT_STATES),
    "source": _text(),
    "as_of": _text(pattern=DATE),
    "confidence": _text(),
}
API_PRICES: dict[str, Column] = {
    "provider": _NAME,
    "model": _NAME,
    "served_as": _text(),
    "usd_per_million_input_tokens": _positive(required=True),
    "usd_per_million_output_tokens": _positive(required=True),
    "accelerator": _text(required=False, pattern=NAME),
    "source": _text(),
    "as_of": _text(pattern=DATE),
    "confidence": _text(),
}
COMPILERS: dict[str, Column] = {
    "family": _NAME,
    "backend": _text(),
    "source": _text(),
    "as_of": _text(pattern=DATE),
    "confidence": _text(),
}
DOCUMENTED_MODELS: dict[str, Column] = {
    "backend": _text(),
    "graph": _NAME,
    "source": _text(),
    "as_of": _text(pattern=DATE),
    "confidence": _text(),
}
INSTANCES: dict[str, Column] = {
    "provider": _text(),
    "instance_type": _text(),
    "accelerator": _NAME,
    "count": _positive(required=True),
    "source": _text(),
    "as_of": _text(pattern=DATE),
    "confidence": _text(),
}
RUNTIME_HARDWARE: dict[str, Column] = {"hardware": _text(), "family": _text()}
FORMATS: dict[str, Column] = {"precision": _text(one_of=PRECISIONS), "feature": _text()}
RELEASES: dict[str, Column] = {
    "family": _text(),
    "component": _text(),
    "latest": _text(),
    "released": _text(pattern=DATE),
    "releases_in_year": Column(pl.Int64, above=-1),
    "source": _text(),
    "as_of": _text(pattern=DATE),
    "confidence": _text(),
}
