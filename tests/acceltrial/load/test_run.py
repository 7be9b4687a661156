"""Whole runs against the reference server."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from acceltrial.errors import ConfigurationError
from acceltrial.load import LoadPlan, LoadResult, Schedule, run_load, serve_reference
from acceltrial.load.reference_server import Behaviour
from acceltrial.load.run import processes_for
from acceltrial.storage.tables import read_provenance, read_table
from schemas.base import polars_schema
from schemas.evidence import RequestRecords


def plan_for(url: str, **changes: Any) -> LoadPlan:
    schedule = Schedule.open_loop(
        "poisson", rate_rps=100, requests=40, input_tokens=12, output_tokens=6, seed=3
    )
    given: dict[str, Any] = {
        "base_url": url, "api": "completions", "model": "reference", "schedule": schedule, "calibrate": False,
        "timeout_s": 10.0,
    }  # fmt: skip
    return LoadPlan(**(given | changes))


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("api", ["completions", "chat"])
def test_generation(api: str, stream: bool) -> None:
    with serve_reference(Behaviour(ttft_ms=10, itl_ms=2)) as reference:
        result = run_load(plan_for(reference.base_url, api=api, stream=stream))
        assert result.summary["requests"]["completed"] == 40
        log = reference.log()
    assert len(log["requests"]) == 40 + 2  # and the two of the probe
    records = result.records
    assert records["input_tokens"].to_list() == [12] * 40
    assert records["output_tokens"].to_list() == [6] * 40
    assert records["chunks"].to_list() == [6 if stream else 1] * 40
    if stream:
        assert result.summary["ttft_ms"]["p50"] >= 10
        assert result.summary["itl_ms"]["n"] == 40 * 5
        assert result.summary["tpot_ms"]["p50"] >= 1
    else:
        assert result.summary["ttft_ms"]["n"] == 0
        assert result.summary["e2e_ms"]["p50"] >= 20
    assert result.summary["tokens"]["input_lengths_by"].startswith("a probe")


@pytest.mark.parametrize("api", ["embeddings", "rerank"])
def test_no_generation(api: str) -> None:
    with serve_reference(Behaviour(ttft_ms=5)) as reference:
        result = run_load(plan_for(reference.base_url, api=api))
    assert result.summary["requests"]["completed"] == 40
    assert result.summary["itl_ms"]["n"] == 0
    assert result.records["answers"].min() >= 1
    assert result.summary["tokens"]["input"]["p50"] == 12


def test_records_fit_the_pipeline() -> None:
    with serve_reference(Behaviour(ttft_ms=5, itl_ms=1)) as reference:
        records = run_load(plan_for(reference.base_url)).records
    wanted = {
        name: dtype
        for name, dtype in polars_schema(RequestRecords).items()
        if name not in ("cell", "correct")
    }
    assert {name: records.schema[name] for name in wanted} == wanted
    whole = records.select(list(wanted)).with_columns(
        pl.lit("c").alias("cell"), pl.lit(None, pl.Boolean).alias("correct")
    )
    RequestRecords.validate(whole.select(list(polars_schema(RequestRecords))))


def test_files_and_json(tmp_path: Path) -> None:
    with serve_reference(Behaviour(ttft_ms=5, itl_ms=1)) as reference:
        plan = plan_for(reference.base_url, out_dir=tmp_path / "out", slo="ttft_ms<=1000", keep_text=True)
        result = run_load(plan)
    assert sorted(p.name for p in plan.out_dir.iterdir()) == [
        "latency.svg", "requests.parquet", "schedule.parquet", "summary.json", "timeline.svg",
    ]  # fmt: skip
    assert read_table(plan.out_dir / "requests.parquet").equals(result.records)
    schedule = read_table(plan.out_dir / "schedule.parquet")
    assert schedule["intended_s"].to_list() == plan.schedule.intended_s.tolist()
    assert read_provenance(plan.out_dir / "schedule.parquet")["seed"] == 3
    summary = json.loads((plan.out_dir / "summary.json").read_text())
    assert summary == json.loads(json.dumps(result.summary, default=float))
    for name in ("ttft_ms", "ttft_from_intended_ms", "itl_ms", "tpot_ms", "e2e_ms"):
        assert {"p50", "p90", "p95", "p99", "mean", "n", "intervals"} <= set(summary[name])
    assert summary["slo"]["attainment"] == 1.0
    assert set(result.records["text"]) == {" word" * 6}
    assert summary["rate"]["achieved_rps"] == pytest.approx(plan.schedule.rate_rps, rel=0.02)
    assert summary["errors"] == {}
    assert summary["client"]["peak_rss_mb"] < 120


def test_calibrated() -> None:
    with serve_reference() as reference:
        result = run_load(plan_for(reference.base_url, calibrate=True))
    instrument = result.instrument
    assert instrument["calibrated"]
    assert instrument["ttft_error_ms"]["n"] >= 60
    assert instrument["itl_error_ms"]["p50"] < 5
    assert instrument["valid"] is (not instrument["reasons"])
    assert instrument["calibration"]["failed"] == 0


def test_same_seed_sends_the_same_bytes() -> None:
    with serve_reference(Behaviour(ttft_ms=1, itl_ms=1)) as reference:
        one, two = (run_load(plan_for(reference.base_url)).records for _ in range(2))
    assert one["bytes_received"].equals(two["bytes_received"])
    assert one["intended_s"].to_list() == pytest.approx(two["intended_s"].to_list(), abs=1e-6)


def test_own_prompts_and_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_KEY", "s3cret")
    schedule = Schedule.open_loop(
        "constant", rate_rps=100, prompts=["one", "one two", "one two three"], output_tokens=2
    )
    with serve_reference(Behaviour(ttft_ms=1, itl_ms=1)) as reference:
        result = run_load(plan_for(reference.base_url, schedule=schedule, api_key_env="SOME_KEY"))
    assert result.records["input_tokens"].to_list() == [1, 2, 3]
    assert "s3cret" not in json.dumps(result.summary)


@pytest.mark.parametrize(
    "changes",
    [
        {"api": "images"},
        {"timeout_s": 0.0},
        {"timeout_s": float("nan")},
        {"warm_up": -1},
        {"max_connections": 0},
        {"slo": "fast"},
        {"api_key_env": "NOT_SET_ANYWHERE"},
        {"extra_headers": {"X": "a\r\nB: c"}},
        {"base_url": "nonsense"},
        {"schedule": replace(Schedule.open_loop(rate_rps=1, requests=1), prompts=[3])},
    ],
)
def test_plans_that_cannot_be_carried_out(changes: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        run_load(plan_for("http://127.0.0.1:9/v1", **changes))


def test_a_failed_run_has_no_latency() -> None:
    result = run_load(plan_for("http://127.0.0.1:9/v1"))
    assert result.summary["requests"] | {"failed": 40, "completed": 0} == result.summary["requests"]
    assert result.summary["errors"] == {"connect_refused": 40}
    assert result.summary["ttft_ms"]["p50"] is None
    assert "assumed" in result.summary["tokens"]["input_lengths_by"]


def test_tokens_by_our_own_tokenizer(tmp_path: Path) -> None:
    tokenizers = pytest.importorskip("tokenizers")
    from acceltrial.load.words import WORDS

    vocabulary = {word: i for i, word in enumerate(["[UNK]", "word", *(w for w in WORDS if w != "word")])}
    made = tokenizers.Tokenizer(tokenizers.models.WordLevel(vocabulary, unk_token="[UNK]"))
    made.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    made.save(str(tmp_path / "tokenizer.json"))
    with serve_reference(Behaviour(ttft_ms=1, itl_ms=1)) as reference:
        result = run_load(plan_for(reference.base_url, tokenizer=tmp_path))
    assert result.records["input_tokens_own"].to_list() == [12] * 40
    assert result.records["output_tokens_own"].to_list() == [6] * 40


def test_number_of_processes() -> None:
    slow = plan_for("http://x")
    assert processes_for(replace(slow, processes=0)) == 1
    assert processes_for(replace(slow, processes=3)) == 3
    two = replace(slow, processes=9, schedule=Schedule.open_loop(rate_rps=1, requests=2))
    assert processes_for(two) == 2


def test_closed_loop_keeps_its_streams_busy() -> None:
    schedule = Schedule.closed_loop(8, requests=10_000, duration_s=0.5, input_tokens=4, output_tokens=4)
    with serve_reference(Behaviour(ttft_ms=10, itl_ms=2)) as reference:
        result: LoadResult = run_load(plan_for(reference.base_url, schedule=schedule))
        assert reference.log()["peak"] == 8
    assert result.summary["in_flight"]["max"] == 8
    assert result.summary["connections"]["opened"] == 8
    assert 8 < result.summary["requests"]["planned"] < 10_000
    assert np.all(result.records["intended_s"].to_numpy() < 0.55)
