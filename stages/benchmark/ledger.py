"""Predictions beside the measurements of the same thing, kept over all evaluations of a workspace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from acceltrial.predict.ledger import Pair, add_pairs, read_pairs, store_predictions, stored_predictions
from acceltrial.predict.track_record import TrackRecord, stretched, track_record
from schemas.base import polars_schema, table_of
from schemas.evidence import Measurements, PredictionLedger
from stages.contract import Context

FOLDER = Path(".acceltrial") / "ledger"
"""Of the ledger in a workspace: beside the finished cells, which are dated evidence too."""
KEY = ["workload", "option", "metric", "statistic"]
COMPARED = {
    **dict.fromkeys(("ttft_ms", "tpot_ms", "itl_ms", "e2e_ms"), "replay"),
    "capacity_rps": "synthetic",
}


def settle(
    measurements: pl.DataFrame,
    families: Mapping[str, str],
    context: Context,
    *,
    others: pl.DataFrame | None = None,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows with intervals as wide as the record of their family asks for, and the ledger's table.

    What was predicted and what was measured of it is added to the workspace's ledger. Only pairs measured
    before `context.now` count, so that a run that is repeated gives the same again.

    Args:
        measurements: rows of every phase.
        families: prediction family by option; options without one keep their intervals.
        context: of the run; the ledger lies in its workspace.
        others: predictions that stand in no row, with their own `family`.

    Raises:
        DataContractError: the ledger is damaged. StorageError: it cannot be read or written.
    """
    folder = context.root / FOLDER
    earlier = read_pairs(folder, before=context.now)
    record = track_record(earlier)
    rows, factors = _stretched(measurements, families, record)
    told = _predictions(rows, factors, families)
    if others is not None and not others.is_empty():
        told = pl.concat([told, _widened(others, record).select(told.columns)], how="vertical_relaxed")
    stored = stored_predictions(folder, _measured(rows)["option"].unique().to_list(), before=context.now)
    pairs = pairs_of(rows, told, stored)
    if not told.is_empty():
        store_predictions(folder, told, now=context.now)
    add_pairs(folder, pairs)
    known = {pair.identity: pair for pair in [*pairs, *earlier]}
    return rows, ledger_table(list(known.values()))


def pairs_of(
    measurements: pl.DataFrame,
    told: pl.DataFrame,
    stored: pl.DataFrame | None = None,
) -> list[Pair]:
    """A pair for each metric that was predicted with an interval and measured validly on the same option.

    Args:
        measurements: of which the measured rows count.
        told: predictions of this run, made for the very load that was replayed.
        stored: predictions of earlier runs; they count under the same conditions, where none is new.
    """
    measured = _measured(measurements)
    pairs = told.join(measured, on=KEY, suffix="_measured")
    if stored is not None and not stored.is_empty():
        old = stored.join(measured, on=[*KEY, "model", "precision"], suffix="_measured")
        old = old.filter(pl.col("conditions") == pl.col("adjustments"))
        pairs = pl.concat([pairs, old.join(pairs, on=KEY, how="anti")], how="diagonal")
    return [_pair(row) for row in pairs.sort(KEY).iter_rows(named=True)]


def ledger_table(pairs: Sequence[Pair]) -> pl.DataFrame:
    """The pairs as rows, the latest measurements last."""
    rows = [
        {
            **{name: getattr(pair, name) for name in _COPIED},
            "error_share": pair.error_share,
            "covered": pair.covered,
            "predicted_on": datetime.fromisoformat(pair.predicted_on),
            "measured_on": datetime.fromisoformat(pair.measured_on),
        }
        for pair in pairs
    ]
    table = table_of(PredictionLedger, rows)
    return table.sort("measured_on", *KEY, "predictor", "run")


_COPIED = (
    *("workload", "option", "model", "precision", "metric", "statistic", "conditions", "family"),
    *("predicted", "low", "high", "widened", "measured", "predictor", "run"),
)


def _measured(measurements: pl.DataFrame) -> pl.DataFrame:
    phases = pl.DataFrame({"metric": list(COMPARED), "phase": list(COMPARED.values())})
    known = measurements.filter(pl.col("value").is_finite() & (pl.col("value") != 0) & pl.col("valid"))
    return known.filter(pl.col("grade") == "measured").join(phases, on=["metric", "phase"])


def _predictions(rows: pl.DataFrame, factors: pl.Series, families: Mapping[str, str]) -> pl.DataFrame:
    family = pl.col("option").replace_strict(dict(families), default="unknown", return_dtype=pl.String)
    known = (pl.col("grade") == "predicted") & pl.col("valid") & pl.col("value").is_finite()
    return (
        rows.with_columns(factors.alias("widened"))
        .filter(known & pl.col("low").is_finite() & pl.col("high").is_finite())
        .select(
            *KEY, "model", "precision", family.alias("family"),
            pl.col("adjustments").alias("conditions"), pl.col("value"), "low",
            "high", "widened", pl.col("source").alias("predictor"), "date", "run",
        )
    )  # fmt: skip


def _widened(others: pl.DataFrame, record: TrackRecord) -> pl.DataFrame:
    rows = []
    for row in others.iter_rows(named=True):
        factor = record.factor(row["family"], row["metric"])
        low, high = stretched(row["value"], row["low"], row["high"], factor)
        rows.append({**row, "low": low, "high": high, "widened": factor})
    return pl.DataFrame(rows, schema=others.schema)


def _pair(row: Mapping[str, Any]) -> Pair:
    return Pair(
        **{name: row[name] for name in (*KEY, "model", "precision", "conditions")},
        family=row["family"],
        predicted=row["value"],
        low=row["low"],
        high=row["high"],
        widened=row["widened"],
        measured=row["value_measured"],
        predictor=row["predictor"],
        predicted_on=row["date"].isoformat(),
        measured_on=row["date_measured"].isoformat(),
        run=row["run_measured"],
    )


def _stretched(
    rows: pl.DataFrame, families: Mapping[str, str], record: TrackRecord
) -> tuple[pl.DataFrame, pl.Series]:
    """The rows with stretched predicted intervals, and the factor of each row."""
    assert list(rows.columns) == list(polars_schema(Measurements))
    keys = rows.select("option", "metric", "grade", "value", "low", "high").iter_rows()
    factors, lows, highs = [], [], []
    for option, metric, grade, value, low, high in keys:
        factor = 1.0
        if grade == "predicted" and None not in (value, low, high) and option in families:
            factor = record.factor(families[option], metric)
            low, high = stretched(value, low, high, factor)
        factors.append(factor)
        lows.append(low)
        highs.append(high)
    told = pl.Series("factor", factors, dtype=pl.Float64)
    method = pl.col("interval_method") + pl.format("; widths × {} by the family's record", told.round(2))
    return rows.with_columns(
        low=pl.Series(lows, dtype=pl.Float64),
        high=pl.Series(highs, dtype=pl.Float64),
        interval_method=pl.when(told != 1.0).then(method).otherwise("interval_method"),
    ), told
