"""Rows, the ledger, local predictions, training rows, start-up times, retrieval, parameters."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from acceltrial.stats.quantiles import describe, proportion_interval
from acceltrial.targets import Startup
from acceltrial.targets.torch_training import TrainingResult
from schemas.base import check_table, table_of
from schemas.evidence import Measurements
from stages.benchmark.levels import demand_of
from stages.benchmark.local_predictions import device_of, predict_local
from stages.benchmark.params import QUICK, BenchmarkParams
from stages.benchmark.retrieval import UnusableAnswerError, pages_and_queries, vectors_of
from stages.benchmark.rows import RowMaker, unit_of
from stages.benchmark.startup import startup_rows
from stages.benchmark.training import training_plan, training_rows
from tests.stages.benchmark.conftest import gemma, workload
from tests.stages.benchmark.json_server import answering, letter_counts

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
MAKER = RowMaker("w", "o", "replay", "m", "bf16", "w@o.replay", "r", NOW, "engine")


def checked(rows: list[dict[str, Any]]) -> pl.DataFrame:
    return check_table(Measurements, table_of(Measurements, rows), "test")


@settings(deadline=None, max_examples=40)
@given(values=st.lists(st.floats(0, 1e6), max_size=200))
def test_described_rows_always_meet_the_contract(values: list[float]) -> None:
    rows = checked(MAKER.described("ttft_ms", describe(values), "nothing came"))
    assert rows["statistic"].to_list() == ["p50", "p95", "p99", "mean"]
    assert rows["value"].is_null().all() == (not values)


@settings(deadline=None, max_examples=40)
@given(hits=st.integers(0, 50), more=st.integers(0, 50))
def test_estimates_meet_the_contract(hits: int, more: int) -> None:
    row = checked([MAKER.estimate("success_rate", "rate", proportion_interval(hits, hits + more))]).row(
        0, named=True
    )
    assert (row["value"] is None) == (hits + more == 0)


@pytest.mark.parametrize(
    ("metric", "unit"),
    [("ttft_ms", "ms"), ("model_load_s", "s"), ("capacity_rps", "requests/s"), ("failure_rate", "share"),
     ("requests_per_s", "requests/s"), ("peak_memory_mb", "MB"), ("mfu", "share"), ("power_w", "W")],
)  # fmt: skip
def test_units_follow_the_names(metric: str, unit: str) -> None:
    assert unit_of(metric) == unit


def test_a_workload_that_does_not_stream_has_no_limit_on_its_first_token() -> None:
    needs = workload(slo_tpot_ms=50.0)
    assert demand_of(needs, "completions").expression == (
        "ttft_from_intended_ms<=500,tpot_ms<=50,e2e_from_intended_ms<=5000"
    )
    assert demand_of({**needs, "streaming": False}, "completions").expression == "e2e_from_intended_ms<=5000"
    assert demand_of(needs, "embeddings").expression == "e2e_from_intended_ms<=5000"
    assert demand_of({**needs, "slo_e2e_ms": None}, "embeddings").expression is None


def test_this_machine_is_predicted_from_its_peak() -> None:
    peak = {
        "device": "cpu",
        "gemm_tflops": {"fp32": 0.06, "bf16": 0.001},
        "memory_read_gb_s": 20.0,
        "memory_gb": 24.0,
    }
    load = {
        "workload": "triage", "option": "here", "device": "cpu", "model": "gemma-3-270m", "precision": "int4",
        "most_together": 4, "adjustments": "thinned", "run": "r", "date": NOW.isoformat(),
        "profile": {
            "input_tokens_mean": 100.0, "input_tokens_p95": 200.0, "output_tokens_mean": 8.0,
            "output_tokens_p95": 16.0, "rate_rps": 0.5, "peak_rate_rps": 0.5, "interarrival_cv": 1.0,
            "slo_ttft_ms": None, "slo_tpot_ms": None, "slo_e2e_ms": 60_000.0,
        },
    }  # fmt: skip
    tables = {"triage": workload(slo_ttft_ms=None, slo_e2e_ms=60_000.0)}, {"gemma-3-270m": gemma()}
    found = check_table(Measurements, predict_local([load], {"cpu": peak}, *tables), "local")
    assert set(found["grade"]) == {"predicted"}
    assert found.filter((pl.col("metric") == "ttft_ms") & (pl.col("statistic") == "p50"))["value"][0] > 0
    elsewhere = {**load, "device": "far"}
    assert predict_local([elsewhere], {"cpu": peak}, *tables).is_empty()
    assert device_of(peak, "int4").rates == {"bf16": 0.06}
    assert device_of(peak, "bf16").rates == {"bf16": 0.001}


RESULT = TrainingResult(
    startup=Startup(1.0, 2.0),
    steps_s=(9.0, 2.0, 2.1, 1.9),
    losses=(3.0, 2.5, 2.4, 2.2),
    tokens_per_step=64,
    flops_per_step=10**11,
    gemm_flops_per_s=10**11,
    checkpoint_s=1.5,
    checkpoint_bytes=10**9,
    peak_memory_mb=5000.0,
    engine="torch",
)


def test_training_rows_leave_the_first_step_apart() -> None:
    rows = checked(training_rows(MAKER.with_(phase="training"), RESULT))
    by = {(row["metric"], row["statistic"]): row for row in rows.iter_rows(named=True)}
    assert by["first_step_time_s", "max"]["value"] == 9.0
    assert by["step_time_s", "mean"]["value"] == pytest.approx(2.0)
    assert by["training_tokens_per_s", "mean"]["value"] == pytest.approx(32.0)
    assert by["mfu", "mean"]["value"] == pytest.approx(0.5)
    assert by["mfu", "mean"]["low"] < 0.5 < by["mfu", "mean"]["high"]
    assert by["compile_time_s", "max"]["value"] is None
    assert by["final_loss", "max"]["value"] == 2.2


def test_a_run_that_ended_early_has_reasons_instead_of_figures() -> None:
    short = replace(
        RESULT, steps_s=(9.0,), losses=(3.0,), flops_per_step=None, gemm_flops_per_s=None, checkpoint_s=None,
        checkpoint_bytes=None, peak_memory_mb=None, problem="killed",
    )  # fmt: skip
    rows = checked(training_rows(MAKER, short))
    known = set(rows.filter(pl.col("value").is_not_null())["metric"])
    assert known == {"first_step_time_s", "final_loss"}


def test_batch_and_sequence_are_cut_and_told() -> None:
    plan, told = training_plan(
        {"training_batch_size": 32, "training_sequence_tokens": 512}, BenchmarkParams()
    )
    assert (plan.batch_size, plan.sequence_tokens) == (1, 64)
    assert "batch cut from 32 to 1" in told
    assert "sequence cut from 512 to 64" in told
    assert (
        "cut"
        not in training_plan({"training_batch_size": 1, "training_sequence_tokens": 32}, BenchmarkParams())[1]
    )


@pytest.mark.parametrize(("starts", "level"), [(1, None), (2, 0.5), (3, 0.75), (6, 0.96875)])
def test_start_up_times_say_how_sure_so_few_starts_are(starts: int, level: float | None) -> None:
    found = [
        {"process_start_s": 1.0 + n, "model_load_s": None, "first_request_s": 0.1, "reason": "not seen"}
        for n in range(starts)
    ]
    rows = checked(startup_rows(found, MAKER.with_(phase="stack")))
    by = {row["metric"]: row for row in rows.iter_rows(named=True)}
    assert by["process_start_s"]["interval_level"] == level
    assert by["model_load_s"]["value"] is None
    assert by["model_load_s"]["reason"] == "not seen"


@pytest.fixture
def vectors() -> Any:
    """An embedding server whose vectors are letter counts, or whatever `answer` says."""
    state: dict[str, Any] = {"answer": None}

    def answer(_path: str, body: dict[str, Any]) -> tuple[int, Any]:
        return 200, letter_counts(body["input"]) if state["answer"] is None else state["answer"]

    with answering(answer, "embeddings") as running:
        yield running, state


def test_vectors_come_in_order_and_of_length_one(vectors: Any) -> None:
    server, _ = vectors
    found = vectors_of(server, pages_and_queries(30, 1)[0], 5)
    assert found.shape[0] == 30
    assert (found**2).sum(axis=1) == pytest.approx(1)


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"data": []},
        {"data": [{"index": 0, "embedding": [1.0]}]},
        {"data": [{"index": 0, "embedding": ["x"]}] * 30},
    ],
)
def test_answers_without_vectors_are_unusable(vectors: Any, answer: Any) -> None:
    server, state = vectors
    state["answer"] = answer
    with pytest.raises(UnusableAnswerError):
        vectors_of(server, pages_and_queries(30, 1)[0], 5)


def test_pages_and_questions_are_told_apart() -> None:
    pages, questions = pages_and_queries(500, 3)
    assert len(set(pages)) == len(pages) == len(set(questions)) == 300


@pytest.mark.parametrize(
    "wrong",
    [
        {"replay_seconds": 0},
        {"replay_seconds": float("nan")},
        {"screen_seconds": float("inf")},
        {"utilisation": 1.5},
        {"concurrency_levels": ()},
        {"concurrency_levels": (4, 2)},
        {"concurrency_levels": (0,)},
        {"speed": 1},
        {"rate_ceiling_rps": {"llamacpp": -1}},
    ],
)
def test_parameters_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        BenchmarkParams(**wrong)


def test_the_quick_parameters_are_parameters() -> None:
    assert BenchmarkParams(**QUICK).replay_seconds == 3.0
