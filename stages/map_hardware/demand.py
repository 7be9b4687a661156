"""What one workload asks of hardware, gathered from its declaration, its model and its trace's profile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from acceltrial.errors import DataContractError
from acceltrial.predict.shape import ENCODER_FAMILIES, TOKEN_FAMILIES, ModelShape

DEFAULT_PRECISIONS = ("bf16", "fp8", "int8", "int4")
FEW_SEQUENCES = 8.0
"""A replica must hold this many average requests at once, or the mean concurrency if that is lower: more
load is met by more replicas."""


@dataclass(frozen=True, slots=True)
class Demand:
    """A workload's needs. None means that neither trace nor owner says.

    Tokens are of the model's tokenizer; times in milliseconds; rates in requests a second.
    """

    workload: str
    phase: str
    kind: str
    api: str
    shape: ModelShape
    precisions: tuple[str, ...]
    context_tokens: float | None
    input_mean: float
    input_high: float
    output_mean: float
    batch: float
    peak_rate_rps: float | None
    slo_ttft_ms: float | None
    slo_tpot_ms: float | None
    slo_e2e_ms: float | None
    deadline_h: float | None
    power_budget_w: float | None
    steps_per_run: float | None
    training_batch: int | None
    training_tokens: int | None

    @property
    def generates(self) -> bool:
        """True for models that answer token by token."""
        return self.phase == "inference" and self.shape.family in TOKEN_FAMILIES

    @property
    def encodes(self) -> bool:
        """True for models that read a text in one pass."""
        return self.phase == "inference" and self.shape.family in ENCODER_FAMILIES

    @property
    def longest_request(self) -> float:
        """Tokens of the longest request that must fit: the declared context, or the trace's long end."""
        return self.context_tokens or self.input_high + self.output_mean


def demands(workloads: pl.DataFrame, models: pl.DataFrame, profiles: pl.DataFrame) -> list[Demand]:
    """One demand a workload, in the order of `workloads`.

    Raises:
        DataContractError: a workload without model or profile.
    """
    by_model = {row["model"]: row for row in models.iter_rows(named=True)}
    by_workload = {row["workload"]: row for row in profiles.iter_rows(named=True)}
    found = []
    for row in workloads.iter_rows(named=True):
        for table, name, known in (
            ("models", row["model"], by_model),
            ("profiles", row["workload"], by_workload),
        ):
            if name not in known:
                raise DataContractError(
                    f"workload '{row['workload']}' has no row in {table}",
                    where=f"table {table}",
                    remedy="run collect and classify again",
                )
        found.append(_demand(row, by_model[row["model"]], by_workload[row["workload"]]))
    return found


def _demand(row: Mapping[str, Any], model: Mapping[str, Any], profile: Mapping[str, Any]) -> Demand:
    concurrency = profile["concurrency_mean"] or 1.0
    shape = ModelShape.from_row(model)
    batch = max(1.0, min(concurrency, FEW_SEQUENCES))
    if shape.family in ENCODER_FAMILIES:
        batch = float(profile["batch_size"])
    return Demand(
        workload=row["workload"],
        phase=row["phase"],
        kind=row["kind"],
        api=profile["api"],
        shape=shape,
        precisions=_precisions(profile["precisions"], row["phase"], shape),
        context_tokens=profile["context_tokens"] or row["context_tokens"],
        input_mean=profile["input_tokens_mean"] or 0.0,
        input_high=profile["input_tokens_p95"] or profile["input_tokens_mean"] or 0.0,
        output_mean=profile["output_tokens_mean"] or 0.0,
        batch=batch,
        peak_rate_rps=profile["peak_rate_rps"] or profile["rate_rps"],
        slo_ttft_ms=profile["slo_ttft_ms"] or row["slo_ttft_ms"],
        slo_tpot_ms=profile["slo_tpot_ms"] or row["slo_tpot_ms"],
        slo_e2e_ms=profile["slo_e2e_ms"] or row["slo_e2e_ms"],
        deadline_h=row["deadline_h"],
        power_budget_w=row["power_budget_w"],
        steps_per_run=row["training_steps_per_run"],
        training_batch=row["training_batch_size"],
        training_tokens=row["training_sequence_tokens"],
    )


def _precisions(listed: str, phase: str, shape: ModelShape) -> tuple[str, ...]:
    named = tuple(dict.fromkeys(name for name in listed.split("|") if name)) or DEFAULT_PRECISIONS
    if phase == "training":
        return tuple(name for name in named if name in {"fp32", "tf32", "bf16", "fp16"}) or ("bf16",)
    if shape.family == "spiking":
        return (shape.native_precision,)
    return named
