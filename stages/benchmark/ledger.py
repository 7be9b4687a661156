"""Predictions beside the measurements of the same thing."""

from __future__ import annotations

import polars as pl

from schemas.base import empty, polars_schema
from schemas.evidence import Measurements, PredictionLedger

KEY = ["workload", "option", "metric", "statistic"]
COMPARED = {
    **dict.fromkeys(("ttft_ms", "tpot_ms", "itl_ms", "e2e_ms"), "replay"),
    "capacity_rps": "synthetic",
}


def ledger_of(measurements: pl.DataFrame, families: dict[str, str]) -> pl.DataFrame:
    """One row a metric that was both predicted with an interval and measured validly on the same option.

    Args:
        measurements: rows of every phase.
        families: prediction family by option; others are `unknown`.
    """
    assert list(measurements.columns) == list(polars_schema(Measurements))
    known = measurements.filter(pl.col("value").is_not_null() & pl.col("valid"))
    predicted = known.filter((pl.col("grade") == "predicted") & pl.col("low").is_not_null())
    phases = pl.DataFrame({"metric": list(COMPARED), "phase": list(COMPARED.values())})
    measured = known.filter(pl.col("grade") == "measured").join(phases, on=["metric", "phase"])
    pairs = predicted.join(measured, on=KEY, suffix="_measured").filter(pl.col("value_measured") != 0)
    if pairs.is_empty():
        return empty(PredictionLedger)
    family = pl.col("option").replace_strict(families, default="unknown", return_dtype=pl.String)
    rows = pairs.select(
        *KEY[:4],
        family.alias("family"),
        pl.col("value").alias("predicted"),
        "low",
        "high",
        pl.col("value_measured").alias("measured"),
        ((pl.col("value") - pl.col("value_measured")) / pl.col("value_measured")).alias("error_share"),
        pl.col("value_measured").is_between(pl.col("low"), pl.col("high")).alias("covered"),
        pl.col("date").alias("predicted_on"),
        pl.col("date_measured").alias("measured_on"),
    )
    return rows.select(list(polars_schema(PredictionLedger))).sort(KEY)
