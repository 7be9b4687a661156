"""Predicted rows of every feasible option of the catalogue, graded `predicted`, with intervals or reasons."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from acceltrial.predict.parameters import Parameters, load_parameters
from acceltrial.predict.shape import ENCODER_FAMILIES, TOKEN_FAMILIES, ModelShape
from schemas.base import empty, polars_schema
from schemas.evidence import Measurements
from stages.benchmark.predicted.rows import Block, Chosen
from stages.benchmark.predicted.single import single_pass_blocks
from stages.benchmark.predicted.tokens import token_blocks
from stages.benchmark.predicted.training import training_blocks
from stages.contract import Context, Inputs


def predict_measurements(inputs: Inputs, context: Context, params: Any = None) -> pl.DataFrame:  # noqa: ARG001
    """One row a feasible catalogue option and metric, in the order of the candidates.

    Where nothing can be predicted the value is null and the reason says why.

    Args:
        inputs: with the tables workloads, models, profiles, candidates and accelerators.
        context: its date is the prediction's date.
        params: the stage's parameters; none of them changes a prediction today.
    """
    models = {row["model"]: row for row in inputs.table("models").iter_rows(named=True)}
    profiles = {row["workload"]: row for row in inputs.table("profiles").iter_rows(named=True)}
    devices = {row["accelerator"]: row for row in inputs.table("accelerators").iter_rows(named=True)}
    candidates = inputs.table("candidates").filter(
        pl.col("feasible") & (pl.col("option_kind") == "catalogue")
    )
    parameters = load_parameters()
    frames = [
        _workload_frame(
            workload,
            candidates.filter(pl.col("workload") == workload["workload"]),
            models[workload["model"]],
            profiles[workload["workload"]],
            devices,
            parameters,
            context,
        )
        for workload in inputs.table("workloads").iter_rows(named=True)
    ]
    return pl.concat([empty(Measurements), *frames])


def _workload_frame(
    workload: Mapping[str, Any],
    candidates: pl.DataFrame,
    model: Mapping[str, Any],
    profile: Mapping[str, Any],
    devices: Mapping[str, Mapping[str, Any]],
    parameters: Parameters,
    context: Context,
) -> pl.DataFrame:
    if candidates.is_empty():
        return empty(Measurements)
    shape = ModelShape.from_row(model)
    chosen = Chosen.of(candidates, devices, shape)
    blocks = _blocks(workload, shape, profile, chosen, parameters)
    context.progress(f"{workload['workload']}: predicted {len(chosen)} options")
    return _frame(workload, shape, chosen, blocks, context)


def _blocks(
    workload: Mapping[str, Any],
    shape: ModelShape,
    profile: Mapping[str, Any],
    chosen: Chosen,
    parameters: Parameters,
) -> list[Block]:
    if workload["phase"] == "training":
        return training_blocks(workload, shape, chosen)
    if shape.family in TOKEN_FAMILIES:
        return token_blocks(workload, profile, chosen, parameters)
    encodes = shape.family in ENCODER_FAMILIES
    return single_pass_blocks(workload, shape, profile, chosen, parameters, encodes=encodes)


def _frame(
    workload: Mapping[str, Any], shape: ModelShape, chosen: Chosen, blocks: list[Block], context: Context
) -> pl.DataFrame:
    """Rows by option, then in the blocks' order."""
    whole = pl.concat(
        [
            block.frame(chosen).with_columns(
                position=pl.int_range(pl.len()) * len(blocks) + order,
            )
            for order, block in enumerate(blocks)
        ]
    ).sort("position")
    name = workload["workload"]
    return whole.with_columns(
        workload=pl.lit(name),
        phase=pl.lit("predicted"),
        n=pl.lit(None, dtype=pl.Int64),
        grade=pl.lit("predicted"),
        date=pl.lit(context.now).cast(polars_schema(Measurements)["date"]),
        model=pl.lit(shape.model),
        adjustments=pl.lit(""),
        valid=pl.lit(True),
        cell=pl.lit("predicted-" + name),
        run=pl.lit(context.run),
    ).select([pl.col(column).cast(dtype) for column, dtype in polars_schema(Measurements).items()])
