"""One thing to predict: a model on devices under a load, and the same as arrays for many at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

import numpy as np

from acceltrial.predict.achieved import achieved_share
from acceltrial.predict.device import Device
from acceltrial.predict.engines import CACHE_WIDTH, ENGINES, UNKNOWN_WIDTH
from acceltrial.predict.shape import BYTES_PER_PARAMETER, ModelShape

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
UNSWITCHED_FAMILIES = ("aws-", "google-")
UNSWITCHED, BUS = 3.0, 2.0
"""How much dearer an exchange is on a ring or torus of chips, and over a host's bus, than by a switch."""
BUS_GB_S = 128.0
NARROW = frozenset({"fp8", "fp4"})
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
        engine: one of `ENGINES`, or empty where it is not known.
        doubt: how much wider than else the interval is: above 1 where figures of the model are assumed.
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
    engine: str = ""
    doubt: float = 1.0

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
    `reach` is the share of its peak rate that a product reached on the device, `bits` the width of products,
    `hop` the cost of an exchange beside that through a switch. `read_shared_gb` is read in every step; of
    `read_expert_gb` the share that a batch touches. `cache_open` is 1 where the engine would tell the cache's
    width, `engines` how likely each engine is.
    """

    size: FloatArray
    copies: FloatArray
    memory_gb: FloatArray
    bandwidth: FloatArray
    rate: FloatArray
    reach: FloatArray
    bits: FloatArray
    link: FloatArray
    hop: FloatArray
    weight_gb: FloatArray
    read_shared_gb: FloatArray
    read_expert_gb: FloatArray
    expert_share: FloatArray
    kv_gb_per_token: FloatArray
    cache_open: FloatArray
    engines: FloatArray
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
        reach=_floats([achieved_share(case.device.accelerator, _bits(case)) for case in cases]),
        bits=_floats([_bits(case) for case in cases]),
        hop=_floats([hop_cost(case.device) for case in cases]),
        link=_floats([case.device.interconnect_gb_s for case in cases]),
        weight_gb=_floats(totals),
        read_shared_gb=_floats([total - expert for total, (expert, _) in zip(totals, experts, strict=True)]),
        read_expert_gb=_floats([expert for expert, _ in experts]),
        expert_share=_floats([share for _, share in experts]),
        kv_gb_per_token=_floats([_cache_gb(case) for case in cases]),
        cache_open=_floats(
            [c.precision in NARROW and c.scenario == "closed_loop" and not c.engine for c in cases]
        ),
        engines=engine_weights(cases),
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


def hop_cost(device: Device) -> float:
    """Cost of an exchange between such devices, beside one through a switch."""
    if device.family.startswith(UNSWITCHED_FAMILIES):
        return UNSWITCHED
    return BUS if (device.interconnect_gb_s or 0.0) <= BUS_GB_S else 1.0


def _experts(shape: ModelShape, total_gb: float) -> tuple[float, float]:
    """GB of all experts and the share of them that one token touches."""
    if not (shape.experts and shape.active_experts) or shape.active_experts >= shape.experts:
        return 0.0, 1.0
    share = shape.active_experts / shape.experts
    expert_gb = (total_gb - total_gb * shape.active_params_b / shape.params_b) / (1.0 - share)
    return min(max(expert_gb, 0.0), total_gb), share


def _cache_gb(case: ServingCase) -> float | None:
    """GB of cache a token, at the width that the engine keeps and the windows that layers keep."""
    context = case.input_tokens + case.output_tokens / 2.0
    per_token = case.shape.kv_gb_per_token(context)
    if per_token is None:
        return None
    heads = case.shape.kv_heads or case.shape.heads or case.replica_size
    return per_token * _cache_width(case) * max(1.0, case.replica_size / heads)


def _cache_width(case: ServingCase) -> float:
    if case.precision not in NARROW:
        return 1.0
    # Engines tuned for one batch or for offline use keep the cache in eight bits beside eight-bit weights.
    if case.scenario != "closed_loop":
        return 0.5
    return float(CACHE_WIDTH[ENGINES.index(case.engine)]) if case.engine else UNKNOWN_WIDTH


def _bits(case: ServingCase) -> float:
    return 8.0 * BYTES_PER_PARAMETER[case.compute]


def engine_weights(cases: Sequence[ServingCase]) -> FloatArray:
    """1 for the engine that a case names, else 0: rows are cases, columns `ENGINES`."""
    named = [[float(case.engine == name) for name in ENGINES] for case in cases]
    return np.array(named, dtype=float).reshape(len(cases), len(ENGINES))


def with_engines(cases: CaseArrays, weights: FloatArray) -> CaseArrays:
    """The same cases, served by engines that are as likely as `weights` say."""
    told = (cases.cache_open > 0) & (weights.sum(axis=1) > 0)
    width = np.where(told, np.exp(weights @ np.log(CACHE_WIDTH)) / UNKNOWN_WIDTH, 1.0)
    return replace(cases, kv_gb_per_token=cases.kv_gb_per_token * width, engines=weights)


def _floats(values: Sequence[Any]) -> FloatArray:
    return np.array([np.nan if value is None else float(value) for value in values])
