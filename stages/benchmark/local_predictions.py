"""Predicts what was measured on this machine, from the machine's measured peak: the predictor's own test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
import polars as pl

from acceltrial.predict.device import Device
from acceltrial.predict.parameters import load_parameters
from acceltrial.predict.shape import TOKEN_FAMILIES, ModelShape
from schemas.base import empty, polars_schema
from schemas.evidence import Measurements
from stages.benchmark.predicted.rows import Chosen
from stages.benchmark.predicted.tokens import token_blocks

FAMILY = "cpu-measured"
# The format in which an engine multiplies, by the format in which weights are held: 4-bit weights are
# unpacked, and no integer product rate is measured.
COMPUTE = {"int4": "fp32", "int8": "fp32", "fp32": "fp32", "bf16": "bf16"}


def predict_local(
    loads: Sequence[Mapping[str, Any]],
    peaks: Mapping[str, Mapping[str, Any]],
    workloads: Mapping[str, Mapping[str, Any]],
    models: Mapping[str, Mapping[str, Any]],
) -> pl.DataFrame:
    """Predicted rows of each replay in `loads`, for the very lengths and rate that were replayed.

    Args:
        loads: what each replay asked for, as the cells noted it.
        peaks: the measured peak by device; a replay on another device is left out.
        workloads: rows by workload.
        models: rows by model.
    """
    frames = [
        _one(load, peaks[load["device"]], workloads[load["workload"]], models[load["model"]])
        for load in loads
        if load["device"] in peaks and models[load["model"]]["family"] in TOKEN_FAMILIES
    ]
    return pl.concat([empty(Measurements), *frames])


def _one(
    load: Mapping[str, Any],
    peak: Mapping[str, Any],
    workload: Mapping[str, Any],
    model: Mapping[str, Any],
) -> pl.DataFrame:
    chosen = Chosen(
        names=[load["option"]],
        devices=[device_of(peak, load["precision"])],
        counts=[1],
        precisions=[load["precision"]],
        largest_batch=np.array([float(load["most_together"])]),
        shape=ModelShape.from_row(model),
    )
    blocks = [
        block
        for block in token_blocks(workload, load["profile"], chosen, load_parameters())
        if block.metric not in {"power_w", "energy_j_per_request"}
    ]
    frame = pl.concat([block.frame(chosen) for block in blocks])
    note = f"predicted from this machine's measured peak ({COMPUTE[load['precision']]} products)"
    columns = polars_schema(Measurements)
    return frame.with_columns(
        workload=pl.lit(load["workload"]),
        phase=pl.lit("predicted"),
        n=pl.lit(None, dtype=pl.Int64),
        grade=pl.lit("predicted"),
        date=pl.lit(datetime.fromisoformat(load["date"])).cast(columns["date"]),
        model=pl.lit(load["model"]),
        adjustments=pl.lit(load["adjustments"]),
        valid=pl.lit(True),
        cell=pl.lit("predicted-local"),
        run=pl.lit(load["run"]),
        source=pl.lit(note + "; ") + pl.col("source"),
    ).select([pl.col(column).cast(dtype) for column, dtype in columns.items()])


def device_of(peak: Mapping[str, Any], precision: str) -> Device:
    """This machine as the predictor sees a device, with the product rate of the engine's own format."""
    compute = COMPUTE.get(precision, precision)
    rate = peak["gemm_tflops"].get(compute)
    name = "bf16" if precision in {"int4", "int8"} else precision
    return Device(
        accelerator=peak["device"],
        accelerator_class="cpu",
        family=FAMILY,
        memory_gb=peak.get("memory_gb"),
        memory_bw_gb_s=peak["memory_read_gb_s"],
        rates={name: rate} if rate else {},
        quantisation="int4 gguf, int8 gguf",
    )
