"""What the predictor cannot know, and why."""

from __future__ import annotations

from acceltrial.predict.case import ServingCase
from acceltrial.predict.shape import TOKEN_FAMILIES

FIXED_BATCH_SLACK = 1.5
"""Published batches overrun the plain sum by up to a tenth: requests are not all at their longest at once."""

LARGEST_GROUP = 64
"""Devices that may hold one copy, whatever the model's heads."""


class RefusedError(Exception):
    """Why a case gets no value."""


def refuse_impossible(case: ServingCase) -> None:
    """Raises RefusedError where the predictor cannot know: figures missing, formats, what does not fit."""
    device, shape = case.device, case.shape
    support = device.support(case.precision)
    if support == "unsupported":
        raise RefusedError(f"{device.accelerator} does not support {case.precision}")
    if support == "unknown":
        raise RefusedError(f"no source says whether {device.accelerator} handles {case.precision}")
    if device.memory_gb is None:
        raise RefusedError(f"the memory of {device.accelerator} is not known")
    if device.rate_tflops(case.compute) is None:
        raise RefusedError(f"the {case.compute} rate of {device.accelerator} is not known")
    single_pass = shape.family not in TOKEN_FAMILIES
    if device.memory_bw_gb_s is None:
        raise RefusedError(f"the memory bandwidth of {device.accelerator} is not known")
    if not single_pass and (shape.layers is None or shape.kv_gb_per_token() is None):
        raise RefusedError(f"the layers or heads of {shape.model} are not known")
    if single_pass and shape.flops_per_inference is None and shape.layers is None:
        raise RefusedError(f"neither operations nor layers of {shape.model} are known")
    needed = shape.weight_gb(case.precision)
    held = 0.98 * case.count * device.memory_gb
    if needed > held:
        raise RefusedError(
            f"{shape.model} does not fit: weights {needed:.3g} GB in {case.precision}, memory "
            f"{case.count} × {device.memory_gb:g} GB"
        )
    splits = max(shape.heads or 0, LARGEST_GROUP)
    if not single_pass and case.replica_size > splits:
        raise RefusedError(
            f"{case.replica_size} devices for one copy of {shape.model}, which has {shape.heads} heads: only "
            "tensor parallelism is predicted"
        )
    tokens = case.input_tokens + case.output_tokens
    if case.scenario == "fixed_batch" and case.concurrency and not single_pass:
        cache = 0.5 * (shape.kv_gb_per_token() or 0.0) * tokens * case.concurrency
        if needed + cache > FIXED_BATCH_SLACK * held:
            raise RefusedError(
                f"a batch of {case.concurrency:g} does not fit: its cache takes {cache:.3g} GB, "
                f"memory {case.count} × {device.memory_gb:g} GB"
            )
    if shape.context_window and not single_pass and tokens > 8 * shape.context_window:
        raise RefusedError(
            f"{tokens:.0f} tokens are far beyond the window of {shape.model} ({shape.context_window})"
        )
