"""Predicted metrics of models that read their input in one pass: encoders, ranking, sensors, spiking."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from acceltrial.predict.case import FloatArray
from acceltrial.predict.estimates import METHOD, estimate
from acceltrial.predict.operating import FAR_TAIL, LARGEST_VARIATION, MOST_LOADED, TAIL, Ranged, Service
from acceltrial.predict.parameters import Parameters
from acceltrial.predict.shape import ModelShape
from stages.benchmark.predicted.rows import Block, Chosen, nowhere, power_blocks
from stages.benchmark.predicted.tokens import judged_at, service_of

CALL_MS = 2.0
"""A request's way through server and runtime beside the model; declared, inside the interval's factor."""
PASS_BATCH = 64.0
"""Requests that share the overhead of one pass at the highest rate; declared."""
UNFITTED_FACTOR = 3.0
UNFITTED_METHOD = "declared factor of 3 either way: no row of such a model was fitted"
LAYERS_WITHOUT_FIGURE = 8


def single_pass_blocks(
    workload: Mapping[str, Any],
    shape: ModelShape,
    profile: Mapping[str, Any],
    chosen: Chosen,
    parameters: Parameters,
    *,
    encodes: bool,
) -> list[Block]:
    """Time of one pass and capacity of one replica; energy by synaptic operations on event-driven chips."""
    service = service_of(workload, profile)
    if encodes:
        usual, method = _encoder_s(chosen, service.input_mean, parameters), METHOD
        late = _encoder_s(chosen, service.input_high, parameters)
        latest = _encoder_s(chosen, service.input_top or service.input_high, parameters)
    else:
        usual, method = _small_s(chosen, parameters), UNFITTED_METHOD
        late = latest = usual
    overhead = _overhead_s(shape, chosen, parameters)
    limit_ms = service.slo_e2e_ms
    alone = [_milliseconds(part, overhead) for part in (usual, late, latest)]
    judged = alone[2] if service.far else alone[1]
    within = np.ones(len(chosen)) if limit_ms is None else np.where(judged.value <= limit_ms, 1.0, np.nan)
    shared = overhead / PASS_BATCH
    rate = Ranged(
        1.0 / (usual.value + shared),
        1.0 / (usual.high + UNFITTED_FACTOR * shared),
        1.0 / (usual.low + shared / UNFITTED_FACTOR),
    ).scaled(within)
    own_rate = service.rate_rps / np.ceil(
        np.maximum(service.peak_rate_rps / np.nan_to_num(rate.value, nan=np.inf, posinf=np.inf), 1.0)
    )
    share = np.nan_to_num(own_rate / rate.value, nan=1.0)
    missed = [
        refusal
        or f"even one request at a time misses {limit_ms or 0:g} ms at the {judged_at(service)} percentile"
        for refusal in chosen.refusals
    ]
    blocks = [
        *_latency_blocks(chosen, alone, _waits(usual, shared, share, service), method, parameters),
        Block(
            "capacity_rps",
            "max",
            "requests/s",
            nowhere(chosen, rate),
            method,
            f"{parameters.source}; one replica, batched, under {limit_ms or 0:g} ms a request",
            missed,
        ),
    ]
    if shape.family == "spiking":
        return blocks + _spiking_blocks(shape, chosen, share, own_rate)
    return blocks + power_blocks(chosen, share, own_rate)


def _latency_blocks(
    chosen: Chosen, alone: list[Ranged], waits: list[Ranged], method: str, parameters: Parameters
) -> list[Block]:
    """The whole answer at the 50th, 95th and 99th percentile: one pass and the waiting for it."""
    source = f"{parameters.source}; one pass, {CALL_MS:g} ms for the call, waiting at the replica's share"
    usual, late, latest = (
        Ranged(own.value + wait.value, own.low + wait.low, own.high + wait.high)
        for own, wait in zip(alone, waits, strict=True)
    )
    return [
        Block("e2e_ms", statistic, "ms", nowhere(chosen, ranged), method, source, chosen.refusals)
        for statistic, ranged in (("p50", usual), ("p95", late), ("p99", latest.far()))
    ]


def _waits(usual: Ranged, shared_s: float, share: FloatArray, service: Service) -> list[Ranged]:
    """Milliseconds of waiting at the 50th, 95th and 99th percentile (Kingman, as in `operating`).

    A pass takes the mean time; half the requests are taken not to wait.
    """
    pass_s = usual.value + shared_s
    load = np.clip(share, 1e-12, MOST_LOADED)
    variation = min(service.arrival_cv, LARGEST_VARIATION) ** 2 / 2.0
    mean_ms = pass_s * load / (1.0 - load) * variation * 1e3
    tails = [mean_ms * np.maximum(np.log(load / tail), 0.0) for tail in (TAIL, FAR_TAIL)]
    none = np.zeros(len(pass_s))
    return [
        Ranged(none, none, none),
        *(Ranged(tail, tail / UNFITTED_FACTOR, tail * UNFITTED_FACTOR) for tail in tails),
    ]


def _encoder_s(chosen: Chosen, tokens: float, parameters: Parameters) -> Ranged:
    found = estimate(chosen.cases(tokens, 1.0), ["samples"] * len(chosen), parameters)
    return Ranged(1.0 / found.value, 1.0 / found.high, 1.0 / found.low)


def _small_s(chosen: Chosen, parameters: Parameters) -> Ranged:
    """Seconds of arithmetic and of reading what a request touches, at the model's few operations."""
    shape = chosen.shape
    work = (shape.flops_per_inference or 2e9 * shape.active_params_b) / 1e12
    rate = _floats(
        [
            device.rate_tflops(precision)
            for device, precision in zip(chosen.devices, chosen.precisions, strict=True)
        ]
    )
    bandwidth = _floats([device.memory_bw_gb_s for device in chosen.devices])
    physical = parameters.physical
    touched = np.array(
        [shape.weight_gb(p) * shape.active_params_b / shape.params_b for p in chosen.precisions]
    )
    value = np.maximum(work / (rate * physical.compute), touched / (bandwidth * physical.memory))
    return Ranged(value, value / UNFITTED_FACTOR, value * UNFITTED_FACTOR)


def _overhead_s(shape: ModelShape, chosen: Chosen, parameters: Parameters) -> float:
    layers = shape.layers or LAYERS_WITHOUT_FIGURE
    return CALL_MS / 1e3 + layers * parameters.physical.us_layer * 1e-6 * min(1, len(chosen))


def _milliseconds(seconds: Ranged, overhead_s: float) -> Ranged:
    return Ranged(
        (seconds.value + overhead_s) * 1e3,
        (seconds.low + overhead_s / UNFITTED_FACTOR) * 1e3,
        (seconds.high + overhead_s * UNFITTED_FACTOR) * 1e3,
    )


def _spiking_blocks(
    shape: ModelShape, chosen: Chosen, share: FloatArray, rate_rps: FloatArray
) -> list[Block]:
    """Energy by synaptic operations where the chip's figure is known; design power else."""
    each = _floats([device.energy_per_synop_pj for device in chosen.devices])
    joules = each * 1e-12 * (shape.synops_per_inference or np.nan)
    none = np.full(len(chosen), np.nan)
    power, by_power = power_blocks(chosen, share, rate_rps)
    eventful = np.array([device.accelerator_class == "neuromorphic" for device in chosen.devices])
    value = np.where(np.isfinite(joules), joules, np.where(eventful, np.nan, by_power.ranged.value))
    low = np.where(eventful, none, by_power.ranged.low)
    high = np.where(eventful, none, by_power.ranged.high)
    source = "synaptic operations × energy of each (catalogue); on other devices a model of design power"
    return [
        power,
        Block(
            "energy_j_per_request",
            "mean",
            "J",
            Ranged(value, low, high),
            by_power.method,
            source,
            "the chip's energy per synaptic operation is not known",
            no_interval="sources of the energy differ by up to 45 times: no interval holds",
        ),
    ]


def _floats(values: list[float | None]) -> FloatArray:
    return np.array([np.nan if value is None else value for value in values])
