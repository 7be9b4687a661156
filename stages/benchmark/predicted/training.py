"""Predicted metrics of training workloads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from acceltrial.predict.operating import Ranged
from acceltrial.predict.shape import ModelShape
from acceltrial.predict.training import (
    METHOD,
    MFU_HIGH,
    MFU_LOW,
    MFU_MIDDLE,
    SOURCE,
    TrainingCase,
    step_operations,
    step_seconds,
)
from stages.benchmark.predicted.rows import Block, Chosen

UNKNOWN = "the device's rate in this format is not known"


def training_blocks(workload: Mapping[str, Any], shape: ModelShape, chosen: Chosen) -> list[Block]:
    """Step time, tokens a second and utilisation of each option."""
    batch, tokens = workload["training_batch_size"] or 1, workload["training_sequence_tokens"] or 1
    cases = [
        TrainingCase(device, shape, count, precision, batch, tokens)
        for device, count, precision in zip(chosen.devices, chosen.counts, chosen.precisions, strict=True)
    ]
    seconds = _ranged(
        [[step_seconds(case, mfu) for mfu in (MFU_MIDDLE, MFU_HIGH, MFU_LOW)] for case in cases]
    )
    a_step = float(batch * tokens)
    rate = Ranged(a_step / seconds.value, a_step / seconds.high, a_step / seconds.low)
    peak = np.array([step_operations(case) / (case.count * _peak(case) * 1e12) for case in cases])
    share = Ranged(peak / seconds.value, peak / seconds.high, peak / seconds.low)
    return [
        Block("step_time_s", "mean", "s", seconds, METHOD, SOURCE, UNKNOWN),
        Block("training_tokens_per_s", "mean", "tokens/s", rate, METHOD, SOURCE, UNKNOWN),
        Block("mfu", "mean", "share", share, METHOD, SOURCE, UNKNOWN),
    ]


def _peak(case: TrainingCase) -> float:
    return case.device.rate_tflops(case.precision) or float("nan")


def _ranged(rows: list[list[float]]) -> Ranged:
    columns = np.array(rows, dtype=float).reshape(len(rows), 3).T
    return Ranged(columns[0], columns[1], columns[2])
