"""Times and rates of every option for one workload, from the step-time model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from acceltrial.predict.steptime import blend_s, overhead_s
from stages.map_hardware.demand import Demand
from stages.map_hardware.footprint import Footprint
from stages.map_hardware.options import FloatArray, Options

BACKWARD_FACTOR = 3.0
"""Forward and backward together are three forward passes."""


@dataclass(frozen=True)
class Times:
    """Seconds a step, and requests a second of one replica; NaN where a figure of the device is not known."""

    decode_s: FloatArray
    prefill_s: FloatArray
    pass_s: FloatArray
    training_s: FloatArray
    capacity_rps: FloatArray


def times(demand: Demand, options: Options, fit: Footprint) -> Times:
    """The times that apply to the workload; those that do not are NaN."""
    none = np.full(len(options), np.nan)
    if demand.phase == "training":
        return Times(none, none, none, _training_s(demand, options), none)
    if demand.generates:
        decode = _decode_s(demand, options, np.full(len(options), demand.batch))
        capacity = _capacity_rps(demand, options, fit)
        return Times(decode, _prefill_s(demand, options, demand.input_high), none, none, capacity)
    single = _pass_s(demand, options)
    return Times(none, none, single, none, (demand.batch if demand.encodes else 1.0) / single)


def _decode_s(demand: Demand, options: Options, batch: FloatArray) -> FloatArray:
    context = demand.input_mean + demand.output_mean / 2.0
    cache = (demand.shape.kv_gb_per_token(context) or np.nan) * context * batch
    read = np.array(
        [
            demand.shape.read_gb_per_step(precision, size)
            for precision, size in zip(
                options.precisions, np.nan_to_num(batch, nan=1.0).tolist(), strict=True
            )
        ]
    )
    return _step_s(options, read + cache, batch * demand.shape.flops(1.0, context) / 1e12, batch, demand)


def _prefill_s(demand: Demand, options: Options, tokens: float) -> FloatArray:
    size = max(tokens, 1.0)
    read = np.array([demand.shape.read_gb_per_step(precision, size) for precision in options.precisions])
    work = demand.shape.flops(size, size / 2.0) / 1e12
    return _step_s(options, read, np.full(len(options), work), np.ones(len(options)), demand)


def _step_s(
    options: Options, gigabytes: FloatArray, tera_ops: FloatArray, batch: FloatArray, demand: Demand
) -> FloatArray:
    bandwidth = options.count * options.bandwidth * options.memory_share
    rate = options.count * options.rate * options.compute_share
    extra = overhead_s(batch, demand.shape.layers or 0, options.count, *options.decode_overhead_args())
    moved, computed = gigabytes / bandwidth, tera_ops / rate
    return np.asarray(blend_s(moved, computed, options.blend) + extra)


def _pass_s(demand: Demand, options: Options) -> FloatArray:
    """One pass over a batch of texts, or one inference of a model without tokens."""
    if demand.encodes:
        tokens = max(demand.input_high, 1.0)
        work = demand.batch * demand.shape.flops(tokens, tokens / 2.0)
    else:
        work = demand.shape.flops_per_inference or 2e9 * demand.shape.active_params_b
    read = np.array([_touched_gb(demand, precision) for precision in options.precisions])
    return _step_s(options, read, np.full(len(options), work / 1e12), np.ones(len(options)), demand)


def _touched_gb(demand: Demand, precision: str) -> float:
    """Embedding tables of a ranking model are looked up: only the dense part is read whole."""
    if demand.shape.family == "deep_ranking":
        return demand.shape.weight_gb(precision) * demand.shape.active_params_b / demand.shape.params_b
    return demand.shape.weight_gb(precision)


def _capacity_rps(demand: Demand, options: Options, fit: Footprint) -> FloatArray:
    """Requests a second with the largest batch that fits: prefill of each and its share of decode steps."""
    batch = np.where(fit.largest_batch >= 1.0, fit.largest_batch, np.nan)
    decode = _decode_s(demand, options, batch)
    prefill = _prefill_s(demand, options, demand.input_mean)
    return np.asarray(1.0 / (prefill + demand.output_mean * decode / batch))


def _training_s(demand: Demand, options: Options) -> FloatArray:
    tokens = float((demand.training_batch or 1) * (demand.training_tokens or 1))
    work = BACKWARD_FACTOR * demand.shape.flops(tokens, (demand.training_tokens or 0) / 2.0) / 1e12
    state = np.full(len(options), demand.shape.params_b * 16.0)
    return _step_s(options, state, np.full(len(options), work), np.ones(len(options)), demand)
