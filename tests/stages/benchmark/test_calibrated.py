"""One replay of a target calibrates the simulator, which foretells the others."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pytest

from stages.benchmark.calibrated import FAMILY, foretold, screened

DATE = "2026-11-22T12:00:00+00:00"


def load(workload: str, option: str = "here") -> dict[str, Any]:
    return {
        "workload": workload, "option": option, "device": "cpu", "model": "m", "precision": "int4",
        "run": "r", "date": DATE, "adjustments": "thinned",
    }  # fmt: skip


def records(cell: str, count: int, *, ttft: float | None = 0.2) -> pl.DataFrame:
    """Requests that never meet: 10 ms a prompt token, 20 ms an answer's."""
    rng = np.random.default_rng(count)
    inputs, outputs = rng.integers(10, 60, count), rng.integers(2, 30, count)
    sent = np.arange(count) * 10.0
    first = sent + 0.05 + inputs * 0.01
    return pl.DataFrame(
        {
            "cell": [cell] * count,
            "sent_s": sent,
            "first_token_s": first if ttft else [None] * count,
            "last_s": first + (outputs - 1) * 0.02,
            "input_tokens": inputs,
            "output_tokens": outputs,
            "error_class": pl.Series([None] * count, dtype=pl.String),
        },
        schema_overrides={"first_token_s": pl.Float64},
    )


@pytest.mark.slow
def test_the_replays_that_did_not_calibrate_are_foretold() -> None:
    seen = pl.concat([records("a@here.replay", 40), records("b@here.replay", 12)])
    found = foretold([load("a"), load("b")], seen)
    assert set(found["workload"]) == {"b"}
    assert set(found["family"]) == {FAMILY}
    assert found["conditions"].to_list() == ["thinned"] * 4
    row = found.filter((pl.col("metric") == "e2e_ms") & (pl.col("statistic") == "p50")).row(0, named=True)
    own = records("b@here.replay", 12)
    real = float(((own["last_s"] - own["sent_s"]) * 1e3).median())  # type: ignore[arg-type]
    assert row["value"] == pytest.approx(real, rel=0.1)
    assert row["low"] < real < row["high"]


@pytest.mark.slow
def test_the_screens_of_a_target_calibrate_too() -> None:
    """Prompts of one length cannot tell what a token of it takes; the screens' other lengths do."""
    same = records("a@here.replay", 40).with_columns(
        input_tokens=pl.lit(30, dtype=pl.Int64), first_token_s=pl.col("sent_s") + 0.35
    )
    same = same.with_columns(last_s=pl.col("first_token_s") + (pl.col("output_tokens") - 1) * 0.02)
    seen = pl.concat([same, records("b@here.replay", 12)])
    level = SimpleNamespace(concurrency=1, result=SimpleNamespace(records=records("x", 20)))
    loops = screened([level, SimpleNamespace(concurrency=2, result=level_without_stream())])  # type: ignore[list-item]
    assert len(loops) == 1
    loads = [{**load("a"), "screened": json.loads(json.dumps(loops))}, load("b")]
    found = foretold(loads, seen)
    assert "and 20 of closed loops" in found["predictor"][0]
    row = found.filter((pl.col("metric") == "ttft_ms") & (pl.col("statistic") == "p95")).row(0, named=True)
    own = records("b@here.replay", 12)
    real = float(np.quantile((own["first_token_s"] - own["sent_s"]).to_numpy() * 1e3, 0.95))
    assert row["value"] == pytest.approx(real, rel=0.15)


def level_without_stream() -> SimpleNamespace:
    return SimpleNamespace(records=records("y", 5, ttft=None))


def test_a_single_or_small_or_silent_replay_foretells_nothing() -> None:
    seen = records("a@here.replay", 40)
    assert foretold([load("a")], seen).is_empty()
    assert foretold([load("a"), load("b", "there")], seen).is_empty()
    few = pl.concat([records("a@here.replay", 9), records("b@here.replay", 8)])
    assert foretold([load("a"), load("b")], few).is_empty()
    silent = pl.concat([seen, records("b@here.replay", 12, ttft=None)])
    assert foretold([load("a"), load("b")], silent).is_empty()
    assert foretold([], seen).is_empty()
