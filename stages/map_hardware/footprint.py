"""Memory that a replica needs and has."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from acceltrial.predict.shape import BYTES_PER_PARAMETER, TOKEN_FAMILIES
from stages.map_hardware.demand import Demand
from stages.map_hardware.options import FloatArray, Options
from stages.map_hardware.params import MapHardwareParams

OVERHEAD_SHARE = 0.1
PREFILL_CHUNK_TOKENS = 8192.0
SMALL_MEMORY_GB = 1.0
"""On chips with less than this there is no allocator that keeps a reserve."""


@dataclass(frozen=True)
class Footprint:
    """GB of a whole replica; `largest_batch` in average requests, NaN for models without a cache."""

    required_gb: FloatArray
    available_gb: FloatArray
    largest_batch: FloatArray
    what: str


def footprint(demand: Demand, options: Options, params: MapHardwareParams) -> Footprint:
    """What weights, cache, activations and runtime need, against what the devices hold."""
    small = options.memory_gb < SMALL_MEMORY_GB
    share = np.where(small, 1.0, params.usable_memory_share)
    available = options.count * options.memory_gb * share
    overhead = options.count * np.where(
        small, 0.0, np.fmin(params.runtime_overhead_gb, OVERHEAD_SHARE * options.memory_gb)
    )
    if demand.phase == "training":
        return _training(demand, options, params, available, overhead)
    weights = np.array([demand.shape.weight_gb(precision) for precision in options.precisions])
    fixed = weights + overhead + _activations_gb(demand)
    per_token = demand.shape.kv_gb_per_token()
    if demand.shape.family not in TOKEN_FAMILIES or per_token is None:
        missing = np.nan if per_token is None else 0.0
        none = np.full(len(options), np.nan)
        return Footprint(fixed + missing, available, none, "weights, activations and runtime")
    # Heads of keys and values are copied when there are more devices than heads.
    copies = np.maximum(1.0, options.count / (demand.shape.kv_heads or demand.shape.heads or 1))
    average = per_token * copies * max(demand.input_mean + demand.output_mean, 1.0)
    longest = per_token * copies * demand.longest_request
    cache = np.maximum(longest, demand.batch * average)
    with np.errstate(invalid="ignore"):
        batch = np.floor(np.clip((available - fixed) / average, 0.0, params.max_batch))
    what = f"weights, cache of {demand.batch:.0f} requests (or the longest one), activations and runtime"
    return Footprint(fixed + cache, available, batch, what)


def _activations_gb(demand: Demand) -> float:
    """Buffers of one step: residual, attention and feed-forward inputs at 16 bits, and the logits at 32."""
    hidden = demand.shape.hidden_size or 0
    wide = demand.shape.ffn_size or 4 * hidden
    tokens = max(demand.input_high * (demand.batch if demand.encodes else 1.0), demand.batch)
    step = min(tokens, PREFILL_CHUNK_TOKENS) * (4.0 * hidden + 2.0 * wide) * 2.0
    logits = demand.batch * (demand.shape.vocabulary or 0) * 4.0 if demand.generates else 0.0
    return (step + logits) / 1e9


def _training(
    demand: Demand, options: Options, params: MapHardwareParams, available: FloatArray, overhead: FloatArray
) -> Footprint:
    """Parameters, gradients and optimizer state over the devices, and activations kept for backward."""
    wide = np.array([BYTES_PER_PARAMETER[precision] for precision in options.precisions])
    tokens = float((demand.training_batch or 1) * (demand.training_tokens or 1))
    hidden, layers = demand.shape.hidden_size or 0, demand.shape.layers or 0
    kept = tokens * hidden * layers * params.activation_bytes_per_token_layer_width * wide / 2.0 / 1e9
    # Logits and their gradient, at 32 bits.
    logits = tokens * (demand.shape.vocabulary or 0) * 8.0 / 1e9
    state = demand.shape.params_b * params.optimizer_bytes_per_parameter
    none = np.full(len(options), np.nan)
    what = "parameters, gradients, optimizer state, activations, logits and runtime"
    return Footprint(state + kept + logits + overhead, available, none, what)
