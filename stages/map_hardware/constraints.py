"""Each constraint on every option at once: what is required, what is available, and the verdict."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from acceltrial.predict.shape import TOKEN_FAMILIES
from acceltrial.predict.steptime import all_reduce_gb
from stages.map_hardware.demand import Demand
from stages.map_hardware.footprint import Footprint
from stages.map_hardware.operators import NO_COVERAGE, OperatorsByFamily
from stages.map_hardware.options import FloatArray, Options
from stages.map_hardware.params import MapHardwareParams
from stages.map_hardware.times import Times
from stages.map_hardware.verdict import FAIL, PASS, UNKNOWN

SERVER_CLASSES = frozenset({"gpu", "training_accelerator", "inference_asic", "tpu", "cpu"})
SERVER_PART_FLOOR_W = 5.0
"""The catalogue's smallest card for servers draws 70 W; a tenth of that is out of reach for all of them."""


@dataclass(frozen=True)
class Check:
    """One constraint over all options.

    Attributes:
        required, available: arrays with NaN for unknown; None for constraints without numbers.
        verdicts, reasons: one an option.
    """

    constraint: str
    unit: str
    required: FloatArray | None
    available: FloatArray | None
    verdicts: list[str]
    reasons: list[str]

    def margins(self) -> FloatArray:
        """Room: available ÷ required - 1; -1 for a failure without numbers, NaN for what is not known."""
        if self.required is None or self.available is None:
            return np.where(np.array(self.verdicts) == FAIL, -1.0, np.nan)
        with np.errstate(divide="ignore", invalid="ignore"):
            margins = self.available / self.required - 1.0
        # A verdict that was given without numbers counts as wholly short.
        return np.where(np.isnan(margins) & (np.array(self.verdicts) == FAIL), -1.0, margins)


def numeric(constraint: str, unit: str, required: Any, available: Any, what: str, unknown: str) -> Check:
    """A check of required ≤ available, with reasons that name both and the room left or lacking."""
    required, available = np.broadcast_arrays(
        np.asarray(required, dtype=float), np.asarray(available, dtype=float)
    )
    known = np.isfinite(required) & np.isfinite(available)
    verdicts = np.where(known, np.where(required <= available, PASS, FAIL), UNKNOWN).tolist()
    reasons = [
        unknown if verdict == UNKNOWN else _room(what, need, have, unit)
        for verdict, need, have in zip(verdicts, required.tolist(), available.tolist(), strict=True)
    ]
    return Check(constraint, unit, required, available, verdicts, reasons)


def _room(what: str, required: float, available: float, unit: str) -> str:
    need, have = f"{_figure(required)} {unit}", f"{_figure(available)} {unit}"
    if required > available:
        return f"{what}: needs {need}, has {have}, {_figure(required / available)} times too much"
    relation = available / required if required > 0 else float("inf")
    room = f"{relation - 1:.0%} room" if relation < 10 else f"{_figure(relation)} times what is needed"
    return f"{what}: {need} of {have}, {room}"


def _figure(value: float) -> str:
    return f"{value:,.0f}" if 1000 <= value < 1e12 else f"{value:.3g}"


def all_checks(
    demand: Demand,
    options: Options,
    footprint: Footprint,
    times: Times,
    params: MapHardwareParams,
    gate_open: bool,
    operators: OperatorsByFamily,
) -> list[Check]:
    """The constraints that apply to the workload, in a fixed order."""
    checks = [
        numeric(
            "memory",
            "GB",
            footprint.required_gb,
            footprint.available_gb,
            footprint.what,
            "the device's memory is not known, or the model's cache size is not",
        ),
        _precision(options),
        _runtime(demand, options),
        _operators(options, operators),
    ]
    if demand.context_tokens and demand.shape.context_window:
        checks.append(_context_window(demand, options))
    checks += _latency(demand, times)
    checks += _throughput(demand, options, times, params)
    if (options.count > 1).any():
        checks.append(_interconnect(demand, options, times, params))
    if demand.power_budget_w is not None:
        checks.append(_power(demand.power_budget_w, options))
    if any(device.accelerator_class == "neuromorphic" for device in options.devices):
        checks.append(_gate(options, gate_open))
    return checks


def _stated(constraint: str, options: Options, judge: Callable[[int], tuple[str, str]]) -> Check:
    judged = [judge(index) for index in range(len(options))]
    return Check(
        constraint, "", None, None, [verdict for verdict, _ in judged], [reason for _, reason in judged]
    )


def _precision(options: Options) -> Check:
    def judge(index: int) -> tuple[str, str]:
        device, precision = options.devices[index], options.precisions[index]
        support = device.support(precision)
        if support == "native":
            return PASS, f"{precision} is documented for the device"
        if support == "weight_only":
            return PASS, f"{precision} weights, unpacked to 16 bits before the product"
        if support == "unknown":
            return UNKNOWN, f"no source says whether the device handles {precision}"
        return FAIL, f"{precision} is not among the formats documented for the device"

    return _stated("precision", options, judge)


def _runtime(demand: Demand, options: Options) -> Check:
    spiking = demand.shape.family == "spiking"

    def judge(index: int) -> tuple[str, str]:
        device, runtimes = options.devices[index], options.runtimes[index]
        if device.accelerator_class == "neuromorphic" and not spiking and device.family != "ibm-northpole":
            return FAIL, f"its runtimes ({runtimes or 'not known'}) run spiking networks only"
        if "transformers only" in device.quantisation and not (demand.generates or demand.encodes):
            return FAIL, "the chip runs transformers only"
        if demand.phase == "training" and device.accelerator_class in {"inference_asic", "npu"}:
            return FAIL, "the device is built for inference only"
        if not runtimes:
            return UNKNOWN, "no runtime is documented"
        if _serves(demand, runtimes):
            return PASS, f"documented: {runtimes.replace('|', ', ')}"
        return UNKNOWN, f"whether {runtimes.replace('|', ', ')} runs this kind of model is not documented"

    return _stated("runtime", options, judge)


def _serves(demand: Demand, runtimes: str) -> bool:
    if demand.shape.family == "spiking":
        return True
    patterns = r"PyTorch|JAX|ONNX"
    if demand.generates:
        patterns = r"vLLM|SGLang|TensorRT|llama\.cpp|hosted API"
    return re.search(patterns, runtimes) is not None


def _operators(options: Options, operators: OperatorsByFamily) -> Check:
    def judge(index: int) -> tuple[str, str]:
        device = options.devices[index]
        if device.accelerator_class in {"gpu", "cpu"}:
            return PASS, "operators run through PyTorch's own kernels"
        return operators.get(device.family, (UNKNOWN, NO_COVERAGE))

    return _stated("operators", options, judge)


def _context_window(demand: Demand, options: Options) -> Check:
    needed = np.full(len(options), float(demand.longest_request))
    window = float(demand.shape.context_window or np.nan)
    return numeric("context_window", "tokens", needed, window, "longest request in the model's window", "")


def _latency(demand: Demand, times: Times) -> list[Check]:
    unknown = "the device's bandwidth or rate is not known"
    checks = []
    if demand.generates and demand.slo_tpot_ms:
        what = f"a decode step at {demand.batch:.0f} sequences"
        checks.append(
            numeric("decode_bandwidth", "ms", times.decode_s * 1e3, demand.slo_tpot_ms, what, unknown)
        )
    if demand.generates and demand.slo_ttft_ms:
        what = f"prefill of {demand.input_high:.0f} tokens"
        checks.append(
            numeric("prefill_compute", "ms", times.prefill_s * 1e3, demand.slo_ttft_ms, what, unknown)
        )
    if not demand.generates and demand.phase == "inference" and demand.slo_e2e_ms:
        what = "one pass over a batch" if demand.encodes else "one inference"
        checks.append(numeric("prefill_compute", "ms", times.pass_s * 1e3, demand.slo_e2e_ms, what, unknown))
    return checks


def _throughput(demand: Demand, options: Options, times: Times, params: MapHardwareParams) -> list[Check]:
    unknown = "the device's bandwidth or rate is not known"
    if demand.phase == "training":
        if not (demand.steps_per_run and demand.deadline_h):
            return []
        hours = demand.steps_per_run * times.training_s / 3600.0
        return [numeric("throughput", "h", hours, demand.deadline_h, "a training run", unknown)]
    if not demand.peak_rate_rps:
        return []
    most = times.capacity_rps * params.max_replicas
    what = f"peak rate on at most {params.max_replicas} replicas"
    required = np.full(len(options), demand.peak_rate_rps)
    return [numeric("throughput", "requests/s", required, most, what, unknown)]


def _interconnect(demand: Demand, options: Options, times: Times, params: MapHardwareParams) -> Check:
    hidden, layers = demand.shape.hidden_size, demand.shape.layers
    if demand.phase == "training":
        share = 2.0 * (options.count - 1.0) / options.count
        sent, within = demand.shape.params_b * 2.0 * share, times.training_s
    elif hidden and layers and demand.shape.family in TOKEN_FAMILIES:
        sent = all_reduce_gb(demand.batch, hidden, layers, options.count)
        within = times.decode_s if not demand.slo_tpot_ms else np.full(len(options), demand.slo_tpot_ms / 1e3)
    else:
        sent, within = np.zeros(len(options)), np.ones(len(options))
    required = np.where(options.count > 1, np.maximum(sent / (within * params.link_share), 1e-9), 1e-9)
    # The catalogue's rate is both directions together; a ring sends one way.
    available = np.where(options.count > 1, options.link / 2.0, 1.0)
    check = numeric(
        "interconnect",
        "GB/s",
        required,
        available,
        "exchange between devices in its share of a step",
        "the rate between devices is not known",
    )
    single = options.count == 1
    reasons = [
        "one device: nothing to exchange" if alone else reason
        for alone, reason in zip(single.tolist(), check.reasons, strict=True)
    ]
    blank = np.where(single, np.nan, 1.0)
    verdicts = [
        PASS if alone else verdict for alone, verdict in zip(single.tolist(), check.verdicts, strict=True)
    ]
    return Check("interconnect", "GB/s", required * blank, available * blank, verdicts, reasons)


def _power(budget_w: float, options: Options) -> Check:
    drawn = options.count * options.tdp_w
    check = numeric("power", "W", drawn, budget_w, "design power", "the device's power is not known")
    for index, device in enumerate(options.devices):
        if (
            check.verdicts[index] == UNKNOWN
            and budget_w < SERVER_PART_FLOOR_W
            and device.accelerator_class in SERVER_CLASSES
        ):
            check.verdicts[index] = FAIL
            check.reasons[index] = (
                f"its power is not stated, but no part for servers stays under {budget_w:g} W"
            )
    return check


def _gate(options: Options, gate_open: bool) -> Check:
    def judge(index: int) -> tuple[str, str]:
        if options.devices[index].accelerator_class != "neuromorphic":
            return PASS, "not a neuromorphic device"
        if gate_open:
            return PASS, "the gate is open: always on, event-driven, bound by power, narrow frozen model"
        return FAIL, "the neuromorphic gate is closed for this workload: see its criteria"

    return _stated("neuromorphic_gate", options, judge)
