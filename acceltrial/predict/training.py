"""Step time, throughput and model FLOPs utilisation of training, from operations and exchange.

    flops = 3 × forward (forward and backward), forward = 2·N·tokens + attention
    t_compute = flops ÷ (n·C·MFU),   t_exchange = 2·(n-1)/n · 2 bytes · N ÷ link
    step = t_compute ÷ (1 - bubble) + t_tensor + t_experts + (1 - overlap) · t_exchange

(`acceltrial.predict.parallel` has the exchange of each kind of split, `acceltrial.predict.interruption` what
spot interruptions and checkpoints add.)

No training run was fitted: the utilisation is a declared range over published runs (Chowdhery et al. 2022,
PaLM, 46 %; Narayanan et al. 2021, Megatron-LM, 44 to 52 %; small models and first attempts stay near 25 %),
and the interval is that range.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

from acceltrial.evidence import Figure, Grade, Interval
from acceltrial.predict.device import Device
from acceltrial.predict.parallel import Split, bubble_share, expert_gb, gradient_gb, tensor_gb
from acceltrial.predict.physics import DEFAULT_LINK_GB_S
from acceltrial.predict.shape import ModelShape

MFU_LOW, MFU_MIDDLE, MFU_HIGH = 0.18, 0.35, 0.55
OVERLAP = 0.7
LEVEL = 0.8
METHOD = "declared range of utilisation over published runs; no training run was fitted"
SOURCE = "acceltrial training model 1: operations ÷ achievable rate + exchange"


NO_SPLIT = Split()


@dataclass(frozen=True, slots=True)
class TrainingCase:
    """A training run on `count` devices: sequences a step over all, tokens a sequence, and its split."""

    device: Device
    shape: ModelShape
    count: int
    precision: str
    batch: int
    tokens: int
    split: Split = NO_SPLIT


def predict_training(case: TrainingCase, *, now: datetime) -> dict[tuple[str, str], Figure]:
    """Step time, tokens a second and MFU with 80 % intervals, or figures without value and a reason."""
    reason = _cannot(case)
    if reason:
        units = {"step_time_s": "s", "training_tokens_per_s": "tokens/s", "mfu": "share"}
        return {
            (metric, "mean"): Figure(None, unit, Grade.PREDICTED, SOURCE, now, reason=reason)
            for metric, unit in units.items()
        }
    slow, middle, fast = (step_seconds(case, mfu) for mfu in (MFU_LOW, MFU_MIDDLE, MFU_HIGH))
    tokens = float(case.batch * case.tokens)
    peak_s = step_operations(case) / (case.count * _rate(case) * 1e12)

    def figure(value: float, low: float, high: float, unit: str) -> Figure:
        interval = Interval(low, high, LEVEL, METHOD)
        return Figure(value, unit, Grade.PREDICTED, SOURCE, now, interval=interval)

    return {
        ("step_time_s", "mean"): figure(middle, fast, slow, "s"),
        ("training_tokens_per_s", "mean"): figure(tokens / middle, tokens / slow, tokens / fast, "tokens/s"),
        ("mfu", "mean"): figure(peak_s / middle, peak_s / slow, peak_s / fast, "share"),
    }


def step_operations(case: TrainingCase) -> float:
    """Operations of one step: forward and backward over all its tokens."""
    return 3.0 * case.shape.flops(float(case.batch * case.tokens), case.tokens / 2.0)


def step_seconds(case: TrainingCase, mfu: float) -> float:
    """Seconds of one step at a utilisation of `mfu` (0 to 1)."""
    compute = step_operations(case) / (case.count * _rate(case) * 1e12 * mfu)
    if case.count == 1:
        return compute
    link = (case.device.interconnect_gb_s or DEFAULT_LINK_GB_S) / 2.0
    own_tokens = case.batch * case.tokens / case.split.copies(case.count)
    inline = tensor_gb(case.shape, own_tokens, case.split, backward=True)
    inline += 3.0 * expert_gb(case.shape, own_tokens, case.split)
    behind = gradient_gb(case.shape, case.count, case.split)
    waiting = compute / (1.0 - bubble_share(case.split))
    return waiting + (inline + (1.0 - OVERLAP) * behind) / link


def _rate(case: TrainingCase) -> float:
    rate = case.device.rate_tflops(case.precision)
    return math.nan if rate is None else rate


def _cannot(case: TrainingCase) -> str:
    if case.device.support(case.precision) != "native":
        return f"{case.device.accelerator} is not documented to compute in {case.precision}"
    if case.device.rate_tflops(case.precision) is None:
        return f"the {case.precision} rate of {case.device.accelerator} is not known"
    if min(case.batch, case.tokens, case.count) <= 0:
        return "batch, tokens and count must be above zero"
    if case.count % (case.split.tensor * case.split.pipeline):
        return f"{case.count} devices cannot be split {case.split.tensor} × {case.split.pipeline} ways"
    return ""
