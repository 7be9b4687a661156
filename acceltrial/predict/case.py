"""One thing to predict: a model on devices under a load, and the same as arrays for many at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

from acceltrial.predict.device import Device
from acceltrial.predict.shape import ModelShape

FloatArray: TypeAlias = np.ndarray[Any, np.dtype[np.float64]]
Scenario = Literal[
    "closed_loop", "fixed_batch", "offline_max", "mlperf_offline", "mlperf_server", "mlperf_interactive"
]
SCENARIOS: tuple[Scenario, ...] = (
    "closed_loop",
    "fixed_batch",
    "offline_max",
    "mlperf_offline",
    "mlperf_server",
    "mlperf_interactive",
)
Kind = Literal["tpot", "ttft", "throughput", "samples", "e2e"]
KINDS: tuple[Kind, ...] = ("tpot", "ttft", "throughput", "samples", "e2e")
WEIGHTS_SHARE = 0.65
"""Replicas of one model on a host use as few devices as hold the weights in this share of their memory."""


@dataclass(frozen=True, slots=True)
class ServingCase:
    """A model on `count` devices under one load.

    Attributes:
        precision: of the weights.
        compute: the format in which products run (bf16 for weights that are unpacked first).
        concurrency: requests in flight; None when as many as fit (offline).
        input_tokens, output_tokens: of each request; 0 output tokens for models that do not generate.
    """

    device: Device
    shape: ModelShape
    count: int
    precision: str
    compute: str
    scenario: Scenario
    input_tokens: float
    output_tokens: float
    concurrency: float | None = None

    @property
    def replica_size(self) -> int:
        """Devices that hold one copy of the model: all, save where a host runs copies side by side."""
        memory = self.device.memory_gb
        if not self.scenario.startswith("mlperf") or memory is None:
            return self.count
        weights = self.shape.weight_gb(self.precision)
        fitting = (size for size in (1, 2, 4, 8, 16) if weights < WEIGHTS_SHARE * size * memory)
        return min(next(fitting, self.count), self.count)


@dataclass(frozen=True)
class CaseArrays:
    """The figures of many cases, one entry a case; NaN means unknown.

    GB, GB/s, TFLOPS and tokens. `size` is the devices of one replica, `copies` the replicas on the host.
    `read_shared_gb` is read in every step; of `read_expert_gb` the share that a batch touches.
    """

    size: FloatArray
    copies: FloatArray
    memory_gb: FloatArray
    bandwidth: FloatArray
    rate: FloatArray
    link: FloatArray
    weight_gb: FloatArray
    read_shared_gb: FloatArray
    read_expert_gb: FloatArray
    expert_share: FloatArray
    kv_gb_per_token: FloatArray
    flops_per_token: FloatArray
    attention_flops: FloatArray
    flops_per_sample: FloatArray
    layers: FloatArray
    hidden: FloatArray
    input_tokens: FloatArray
    output_tokens: FloatArray
    concurrency: FloatArray
    scenario: np.ndarray[Any, np.dtype[np.int64]]
    task: np.ndarray[Any, np.dtype[np.str_]]

    def __len__(self) -> int:
        return len(self.size)


def as_arrays(cases: Sequence[ServingCase]) -> CaseArrays:
    """The cases as arrays, in their order."""
    shapes = [case.shape for case in cases]
    size = _floats([case.replica_size for case in cases])
    totals = [shape.weight_gb(case.precision) for shape, case in zip(shapes, cases, strict=True)]
    experts = [_experts(shape, total) for shape, total in zip(shapes, totals, strict=True)]
    return CaseArrays(
        size=size,
        copies=_floats([case.count for case in cases]) / size,
        memory_gb=_floats([case.device.memory_gb for case in cases]),
        bandwidth=_floats([case.device.memory_bw_gb_s for case in cases]),
        rate=_floats([case.device.rate_tflops(case.compute) for case in cases]),
        link=_floats([case.device.interconnect_gb_s for case in cases]),
        weight_gb=_floats(totals),
        read_shared_gb=_floats([total - expert for total, (expert, _) in zip(totals, experts, strict=True)]),
        read_expert_gb=_floats([expert for expert, _ in experts]),
        expert_share=_floats([share for _, share in experts]),
        kv_gb_per_token=_floats([_cache_gb(case) for case in cases]),
        flops_per_token=_floats([2e9 * shape.compute_params_b() for shape in shapes]),
        attention_flops=_floats([shape.flops(1.0, 1.0) - shape.flops(1.0, 0.0) for shape in shapes]),
        flops_per_sample=_floats([shape.flops_per_inference for shape in shapes]),
        layers=_floats([shape.layers or 0 for shape in shapes]),
        hidden=_floats([shape.hidden_size or 0 for shape in shapes]),
        input_tokens=_floats([case.input_tokens for case in cases]),
        output_tokens=_floats([case.output_tokens for case in cases]),
        concurrency=_floats([case.concurrency or np.inf for case in cases]),
        scenario=np.array([SCENARIOS.index(case.scenario) for case in cases]),
        task=np.array([shape.family for shape in shapes]),
    )


def _experts(shape: ModelShape, total_gb: float) -> tuple[float, float]:
    """GB of all experts and the share of them that one token touches."""
    if not (shape.experts and shape.active_experts) or shape.active_experts >= shape.experts:
        return 0.0, 1.0
    share = shape.active_experts / shape.experts
    expert_gb = (total_gb - total_gb * shape.active_params_b / shape.params_b) / (1.0 - share)
    return min(max(expert_gb, 0.0), total_gb), share


def _cache_gb(case: ServingCase) -> float | None:
    per_token = case.shape.kv_gb_per_token()
    if per_token is None:
        return None
    # Engines tuned for one batch or for offline use keep the cache in eight bits beside eight-bit weights.
    narrow = case.precision in {"fp8", "fp4"} and case.scenario != "closed_loop"
    heads = case.shape.kv_heads or case.shape.heads or case.replica_size
    return per_token * (0.5 if narrow else 1.0) * max(1.0, case.replica_size / heads)


def _floats(values: Sequence[Any]) -> FloatArray:
    return np.array([np.nan if value is None else float(value) for value in values])
