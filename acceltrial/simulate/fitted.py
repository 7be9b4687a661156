"""Step times and cache room of a replica from the fitted step-time model and the catalogue's figures."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from acceltrial.errors import ConfigurationError
from acceltrial.predict.case import ServingCase, as_arrays
from acceltrial.predict.kriging import points
from acceltrial.predict.parameters import NORMAL_80, Parameters
from acceltrial.predict.physics import DEFAULT_LINK_GB_S, RUNTIME_GB, USABLE, reached_tflops
from acceltrial.predict.rows import RefusedError, refuse_impossible
from acceltrial.predict.shape import TOKEN_FAMILIES
from acceltrial.predict.steptime import all_reduce_gb, overhead_s
from acceltrial.simulate.configuration import StepTimes

BATCHES = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0)
LARGEST_CORRECTION = np.log(3.0)
TYPICAL_BATCH = 16.0


def step_times(case: ServingCase, parameters: Parameters) -> StepTimes:
    """Step times of one replica on `case.count` devices, with the residuals of its family.

    The residual of the time per token corrects decode steps by batch, that of the first token at one request
    corrects prompts (by at most a factor of three).

    Raises:
        ConfigurationError: the model does not answer in tokens, does not fit, or a figure is not known.
    """
    _check(case)
    physical, at = parameters.physical, as_arrays([case])
    bandwidth = float(at.size[0] * at.bandwidth[0] * physical.memory)
    rate = float(reached_tflops(at, physical)[0]) * 1e12
    link = (case.device.interconnect_gb_s or DEFAULT_LINK_GB_S) / 2.0 * physical.link
    size, layers = float(at.size[0]), float(at.layers[0])
    known = points([case], ["tpot"])
    factors = [float(parameters.surface.mean(known.at_batch(batch, "tpot"))[0]) for batch in BATCHES]
    first = float(parameters.surface.mean(known.at_batch(1.0, "ttft"))[0])
    return StepTimes(
        shared=float(at.read_shared_gb[0]) / bandwidth,
        experts=float(at.read_expert_gb[0]) / bandwidth,
        expert_share=float(at.expert_share[0]),
        cache=float(at.kv_gb_per_token[0]) / bandwidth,
        token=float(at.flops_per_token[0]) / rate,
        attention=float(at.attention_flops[0]) / rate,
        link=float(all_reduce_gb(1.0, at.hidden[0], layers, size)) / link,
        sequence=physical.us_sequence * 1e-6,
        layers=float(overhead_s(0.0, layers, size, 0.0, physical.us_layer, physical.us_link * at.hop[0])),
        blend=max(physical.blend, 1.0),
        base=physical.base_ms / 1e3,
        prefill_factor=float(np.exp(np.clip(first, -LARGEST_CORRECTION, LARGEST_CORRECTION))),
        decode_factors=tuple(float(factor) for factor in np.exp(factors)),
    )


def cache_tokens(case: ServingCase) -> int:
    """Tokens that the memory beside weights and runtime holds.

    Raises:
        ConfigurationError: none to speak of, or as for `step_times`.
    """
    _check(case)
    at = as_arrays([case])
    free = USABLE * at.size[0] * at.memory_gb[0] - at.weight_gb[0] - RUNTIME_GB * at.size[0]
    tokens = float(free / at.kv_gb_per_token[0])
    if not tokens >= 1024:
        raise _refused(case, f"memory beside the weights holds {max(tokens, 0):.0f} tokens of cache")
    return int(min(tokens, 1e12))


def _check(case: ServingCase) -> None:
    if case.shape.family not in TOKEN_FAMILIES:
        raise _refused(case, f"{case.shape.model} does not answer token by token")
    try:
        refuse_impossible(case)
    except RefusedError as refusal:
        raise _refused(case, str(refusal)) from refusal


def slower(steps: StepTimes, factor: float) -> StepTimes:
    """The same steps, each `factor` times as long."""
    return replace(
        steps,
        prefill_factor=steps.prefill_factor * factor,
        decode_factors=tuple(own * factor for own in steps.decode_factors),
    )


def spread(case: ServingCase, parameters: Parameters) -> float:
    """The factor either way within which 80 % of times per token lie, at a batch of 16."""
    _, deviation = parameters.surface.ask(points([case], ["tpot"]).at_batch(TYPICAL_BATCH, "tpot"))
    half = (
        NORMAL_80
        * float(deviation[0])
        * parameters.widen("tpot", case.device.family, case.device.accelerator)
    )
    return float(np.exp(min(half, np.log(50.0))))


def _refused(case: ServingCase, why: str) -> ConfigurationError:
    return ConfigurationError(
        why,
        where=f"{case.shape.model} on {case.count} × {case.device.accelerator} in {case.precision}",
        remedy="choose another device, count, precision or model",
    )
