from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest

from acceltrial.load import LoadResult, Schedule
from acceltrial.targets import RunningServer, Startup
from stages.benchmark import screen
from stages.benchmark.levels import Demand
from stages.benchmark.params import BenchmarkParams
from stages.benchmark.rows import RowMaker
from stages.benchmark.screen import Level, capacity_row, knee_row, run_screen

MAKER = RowMaker(
    "w", "o", "synthetic", "m", "bf16", "w@o.synthetic", "r", datetime(2026, 11, 22, tzinfo=UTC), "e"
)
DEMAND = Demand(streaming=True, slo={"ttft_from_intended_ms": 300.0})


def level(concurrency: int, rps: float, ttft_ms: float, *, failed: int = 0, seconds: float = 1.0) -> Level:
    summary: dict[str, Any] = {
        "rate": {"completed_rps": rps, "duration_s": seconds},
        "requests": {"failed": failed, "completed": 5},
        "ttft_ms": {"p50": ttft_ms},
    }
    return Level(concurrency, LoadResult(pl.DataFrame(), summary, {"valid": True, "reasons": []}))


def test_capacity_is_the_best_level_within_the_target() -> None:
    row = capacity_row(MAKER, [level(1, 2.0, 100), level(2, 3.0, 250), level(4, 5.0, 900)], DEMAND, 3)
    assert row["value"] == 3.0
    assert "best at 2" in row["source"]
    assert "NOT met" not in row["source"]


def test_a_level_with_failures_is_not_within_the_target() -> None:
    row = capacity_row(MAKER, [level(1, 2.0, 100), level(2, 3.0, 100, failed=1)], DEMAND, 2)
    assert row["value"] == 2.0


def test_where_no_level_keeps_the_target_the_figure_says_so() -> None:
    row = capacity_row(MAKER, [level(1, 2.0, 400), level(2, 3.0, 700)], DEMAND, 4)
    assert row["value"] == 3.0
    assert "NOT met at any level" in row["source"]
    assert "of 4 planned levels" in row["source"]


def test_no_answer_is_no_capacity() -> None:
    row = capacity_row(MAKER, [level(1, 0.0, 0)], DEMAND, 1)
    assert row["value"] is None
    assert row["reason"]


def screened(monkeypatch: Any, seconds: float, alive: list[bool], most_rps: float = 1e9) -> list[int]:
    def load(server: RunningServer, schedule: Schedule, demand: Demand, **_: Any) -> LoadResult:
        return level(schedule.concurrency, min(schedule.concurrency, most_rps), 100, seconds=seconds).result

    monkeypatch.setattr(screen, "load", load)
    server = RunningServer("http://127.0.0.1:9/v1", "m", "completions", None, Startup())
    found = run_screen(
        server,
        DEMAND,
        BenchmarkParams(screen_seconds=3.0, concurrency_levels=(1, 2, 4, 8)),
        prompts=lambda count, seed: ["a"] * count,
        input_tokens=10,
        output_tokens=5,
        alive=lambda: alive.pop(0),
    )
    return [one.concurrency for one in found]


def test_levels_grow_until_one_takes_too_long_or_the_server_dies(monkeypatch: Any) -> None:
    assert screened(monkeypatch, 0.5, [True] * 4) == [1, 2, 4, 8]
    assert screened(monkeypatch, 9.0, [True] * 3) == [1]
    assert screened(monkeypatch, 1.0, [True, False]) == [1]


def test_a_slow_server_is_seen_at_many_streams_instead_of_at_every_step(monkeypatch: Any) -> None:
    assert screened(monkeypatch, 1.6, [True] * 4) == [1, 4, 8]
    assert screened(monkeypatch, 4.0, [True] * 4) == [1, 8]


def test_the_ladder_ends_one_level_beyond_its_knee(monkeypatch: Any) -> None:
    assert screened(monkeypatch, 0.1, [True] * 4, most_rps=2.0) == [1, 2, 4]


@pytest.mark.parametrize(
    ("rates", "knee"),
    [([1, 2, 3.9, 4], 4.0), ([5, 5.1], 1.0), ([1, 2, 4], None), ([3], None), ([0, 0], None), ([2, 0], 1.0)],
)
def test_the_knee_is_the_lowest_level_near_the_best(rates: list[float], knee: float | None) -> None:
    levels = [level(2**n, rate, 100) for n, rate in enumerate(rates)]
    row = knee_row(MAKER, levels)
    assert row["value"] == knee
    assert row["reason"]
