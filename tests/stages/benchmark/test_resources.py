"""Rows and series of what is read while a replay runs. The GPU is a stand-in: none is at hand here."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import Any

import polars as pl

from acceltrial.load import LoadResult
from acceltrial.load.server_metrics import ServerMetrics
from acceltrial.targets import RunningServer, Startup
from acceltrial.telemetry.sampling import Reading, Sampler
from schemas.base import check_table, table_of
from schemas.evidence import Measurements, Telemetry
from stages.benchmark.resources import MOST_POINTS, Watch, resource_rows, telemetry_table, watch_resources
from stages.benchmark.rows import Row, RowMaker
from tests.acceltrial.telemetry.test_telemetry import StandInNvml

MAKER = RowMaker("w", "o", "replay", "m", "bf16", "w@o.replay", "r", datetime(2026, 11, 22, tzinfo=UTC), "e")


def result(*rows: dict[str, float], seconds: float = 10.0, started_s: float = 100.0) -> LoadResult:
    records = pl.DataFrame({"ended_s": [seconds / 2, seconds]})
    return LoadResult(records, {}, {}, started_s=started_s, server=ServerMetrics(list(rows)))


def by_metric(rows: list[Row]) -> dict[str, Row]:
    check_table(Measurements, table_of(Measurements, rows), "test")
    return {row["metric"]: row for row in rows}


def watched(readings: list[Reading], gpus: list[Any] | None = None, **reasons: str) -> Watch:
    watch = Watch(Sampler([], readings=readings), gpus or [], reasons)
    watch.bound(result())
    return watch


def test_memory_that_grows_is_seen() -> None:
    readings = [Reading(90 + n, "server", "rss_mb", 500.0 + (0 if n < 10 else n)) for n in range(25)]
    found = by_metric(resource_rows(MAKER, watched(readings, gpu="none", cpu="none"), 4))
    growth = found["memory_growth_mb_per_min"]
    assert abs(growth["value"] - 60) < 1e-6
    assert growth["low"] <= growth["value"] <= growth["high"]
    assert found["peak_pss_mb"]["value"] is None
    assert found["gpu_power_w"]["reason"] == "none"
    assert found["energy_j_per_request"]["value"] is None
    assert "energy method none: none" in found["energy_j_per_request"]["reason"]


def test_a_gpu_gives_rows_and_energy_with_its_method() -> None:
    here = RunningServer("http://127.0.0.1:9/v1", "m", "completions", os.getpid(), Startup())
    api = StandInNvml()
    with watch_resources(here, nvml=api) as watch:
        for api.tick in range(1, 4):
            watch.sampler.read()
    times = [one.at_s for one in watch.sampler.readings if one.metric == "gpu_energy_j"]
    watch.since_s, watch.until_s = times[0], times[-1]
    found = by_metric(resource_rows(MAKER, watch, 3))
    assert found["gpu_utilisation_share"]["value"] == 0.8
    assert found["gpu_xid_errors"]["value"] == 2
    assert found["gpu_ecc_uncorrected"]["value"] is None
    assert 0 < found["gpu_throttled_share"]["value"] < 1
    assert "software power cap" in found["gpu_throttled_share"]["source"]
    assert found["energy_j_per_request"]["value"] == 250.0
    assert "nvml_counter" in found["energy_j_per_request"]["source"]
    assert "Stand-in GPU" in found["gpu_power_w"]["source"]


def test_a_server_elsewhere_is_not_watched() -> None:
    there = RunningServer("https://there.example/v1", "m", "chat", None, Startup())
    with watch_resources(there, nvml=StandInNvml()) as watch:
        pass
    watch.bound(result())
    rows = resource_rows(MAKER, watch, 4)
    assert all(row["value"] is None and "elsewhere" in row["reason"] for row in rows)


def test_series_begin_with_the_schedule_and_are_thinned() -> None:
    readings = [Reading(99 + n / 100, "server", "rss_mb", 1.0) for n in range(1500)]
    done = result({"at_s": 99.5, "running": 1.0}, {"at_s": 101.0, "running": 2.0})
    watch = watched(readings)
    table = check_table(Telemetry, telemetry_table("w@o.replay", watch, done), "test")
    assert table["at_s"].min() == 0
    assert table["at_s"].max() <= 10  # type: ignore[operator]
    assert table.filter(pl.col("source") == "server").height <= MOST_POINTS
    assert table.filter(pl.col("source") == "server_metrics").rows() == [
        ("w@o.replay", "server_metrics", "running", "", 1.0, 2.0)
    ]
