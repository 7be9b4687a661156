"""Predicted rows for a small portfolio on the committed catalogue."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from acceltrial.storage.tables import write_table
from schemas.base import check_table
from schemas.evidence import Measurements
from stages import artifacts
from stages.benchmark.predicted import predict_measurements
from stages.contract import Inputs
from stages.map_hardware.params import MapHardwareParams
from stages.map_hardware.stage import STAGE
from tests.stages.map_hardware.conftest import context_in, sample, workspace

NEEDED = (
    artifacts.WORKLOADS,
    artifacts.MODELS,
    artifacts.PROFILES,
    artifacts.CANDIDATES,
    artifacts.ACCELERATORS,
)


@pytest.fixture(scope="module")
def predicted(tmp_path_factory: pytest.TempPathFactory, checkout: Path) -> pl.DataFrame:
    root = tmp_path_factory.mktemp("predicted")
    inputs = workspace(root, checkout / "data" / "catalogue", sample())
    assert STAGE.run is not None
    outputs = dict(STAGE.run(inputs, MapHardwareParams(counts=(1, 8)), context_in(root)))
    write_table(root / artifacts.CANDIDATES.path, outputs["candidates"])
    frame = predict_measurements(Inputs(root, NEEDED), context_in(root))
    return check_table(Measurements, frame, "measurements")


def test_every_feasible_option_has_every_metric_of_its_kind(predicted: pl.DataFrame) -> None:
    chat = predicted.filter(pl.col("workload") == "chat")
    options = chat["option"].n_unique()
    counts = chat.group_by("metric", "statistic").len()
    assert set(counts["len"]) == {options}
    assert {"ttft_ms", "tpot_ms", "e2e_ms", "capacity_rps", "output_tokens_per_s", "power_w"} <= set(
        counts["metric"]
    )
    training = predicted.filter(pl.col("workload") == "tuning")
    assert set(training["metric"]) == {"step_time_s", "training_tokens_per_s", "mfu"}


def test_rows_say_that_they_are_predicted_from_what_and_how_sure(predicted: pl.DataFrame) -> None:
    assert set(predicted["grade"]) == {"predicted"}
    assert set(predicted["phase"]) == {"predicted"}
    known = predicted.filter(pl.col("value").is_not_null() & pl.col("low").is_not_null())
    assert (known["interval_level"] == 0.8).all()
    assert (known["low"] <= known["value"]).all()
    assert (known["value"] <= known["high"]).all()
    model = predicted.filter((pl.col("workload") == "chat") & (pl.col("metric") == "tpot_ms"))
    assert model["source"].str.contains("fitted .* on data [0-9a-f]{12}").all()


def test_what_cannot_be_predicted_is_null_with_its_reason(predicted: pl.DataFrame) -> None:
    unknown = predicted.filter(pl.col("value").is_null())
    assert unknown.height
    assert unknown["reason"].str.len_chars().min() > 10
    groq = predicted.filter(pl.col("option").str.starts_with("cerebras") & (pl.col("metric") == "tpot_ms"))
    assert groq["value"].null_count() == groq.height


def test_more_devices_sustain_more_and_late_answers_are_later(predicted: pl.DataFrame) -> None:
    def value(option: str, metric: str, statistic: str) -> float:
        row = predicted.filter(
            (pl.col("workload") == "chat")
            & (pl.col("option") == option)
            & (pl.col("metric") == metric)
            & (pl.col("statistic") == statistic)
        )
        return float(row["value"].item())

    one = value("h100-sxm-x1-bf16", "capacity_rps", "max")
    assert value("h100-sxm-x8-bf16", "capacity_rps", "max") > one > 0
    for metric in ("ttft_ms", "tpot_ms", "e2e_ms"):
        early = value("h100-sxm-x1-bf16", metric, "p50")
        assert early <= value("h100-sxm-x1-bf16", metric, "p95")


def test_the_spiking_workload_has_energy_or_a_reason(predicted: pl.DataFrame) -> None:
    energy = predicted.filter((pl.col("workload") == "pump") & (pl.col("metric") == "energy_j_per_request"))
    assert energy.height
    assert energy.filter(pl.col("value").is_null())["reason"].str.contains("not known").all()


def test_the_99th_percentile_is_given_later_and_less_sure_than_the_95th(predicted: pl.DataFrame) -> None:
    wide = (
        predicted.filter(pl.col("metric").is_in(["ttft_ms", "e2e_ms"]) & pl.col("low").is_not_null())
        .with_columns(reach=pl.col("high") / pl.col("value"))
        .pivot(on="statistic", index=["workload", "option", "metric"], values=["value", "reach"])
    )
    assert set(wide["workload"]) >= {"chat", "search"}
    assert wide["value_p99"].null_count() == 0
    assert (wide["value_p99"] >= wide["value_p95"]).all()
    assert (wide["reach_p99"] > wide["reach_p95"]).all()
