"""Workers of this process with skewed clocks, and one that dies, against a real server."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from acceltrial.errors import AcceltrialError, ConfigurationError
from acceltrial.load import LoadPlan, Schedule, serve_reference
from acceltrial.load.reference import Behaviour
from acceltrial.load.scale_out.clocks import Stamps
from acceltrial.load.scale_out.lost import WORKER_LOST
from acceltrial.load.scale_out.run import WorkerLostError, run_scaled_out
from acceltrial.load.scale_out.worker import Collected, ShardWorker
from acceltrial.load.spill import OUTCOMES, REUSED, WARM_UP, SpillWriter, read_spill


class Skewed:
    """A real worker whose clock is wrong by `skew_ns`."""

    def __init__(self, skew_ns: int, folder: Path) -> None:
        self.real, self.skew_ns, self.folder = ShardWorker(), skew_ns, folder

    def about(self) -> dict[str, Any]:
        return self.real.about()

    def stamps(self) -> Stamps:
        found = self.real.stamps()
        return Stamps(found.received_ns + self.skew_ns, found.answered_ns + self.skew_ns)

    def prepare(self, files: dict[str, bytes], shard: int) -> None:
        self.real.prepare(files, shard)

    def start(self, start_ns: int) -> None:
        self.real.start(start_ns - self.skew_ns)

    def collect(self, deadline_s: float) -> Collected:
        found = self.real.collect(deadline_s)
        stats = found.stats and {
            name: value + self.skew_ns if name.endswith("_ns") else value
            for name, value in found.stats.items()
        }
        return replace(found, spill=self._skewed(found.spill), stats=stats)

    def _skewed(self, spill: bytes) -> bytes:
        before, behind = self.folder / "before.bin", self.folder / "behind.bin"
        before.write_bytes(spill)
        writer = SpillWriter(behind)
        for raw in read_spill(before):
            times = (raw.intended_ns, raw.sent_ns, raw.dialled_ns, raw.connected_ns, raw.secured_ns,
                     raw.finished_ns)  # fmt: skip
            moved = tuple(one + self.skew_ns if one else 0 for one in times)
            stamps = array("q", (one + self.skew_ns for one in raw.stamps_ns))
            flags = REUSED * raw.reused | WARM_UP * raw.warm_up
            assert raw.outcome in OUTCOMES
            writer.write(raw.index, moved, raw.outcome, flags, stamps, raw.ends, raw.data)  # type: ignore[arg-type]
        writer.close()
        return behind.read_bytes()


class Mortal(Skewed):
    """It dies after the word to start."""

    def start(self, start_ns: int) -> None:
        raise WorkerLostError("it does not answer (RayActorError)")

    def collect(self, deadline_s: float) -> Collected:
        raise WorkerLostError("it does not answer (RayActorError)")


@contextmanager
def closing(workers: list[Skewed]) -> Iterator[list[Skewed]]:
    try:
        yield workers
    finally:
        for worker in workers:
            worker.real.close()


def plan(url: str, schedule: Schedule, **changes: Any) -> LoadPlan:
    return LoadPlan(url, "completions", "m", schedule, calibrate=False, timeout_s=20, **changes)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serve_reference(Behaviour(ttft_ms=5, itl_ms=1, tokens=4)) as server:
        yield server.base_url


def test_the_merged_stream_is_the_schedule_whatever_the_workers_clocks_say(url: str, tmp_path: Path) -> None:
    schedule = Schedule.open_loop(
        "poisson", rate_rps=60, requests=60, input_tokens=8, output_tokens=4, seed=3
    )
    folders = [tmp_path / name for name in "abc"]
    for folder in folders:
        folder.mkdir()
    skews = (0, 7_000_000_000, -3_600_000_000_000)
    with closing([Skewed(skew, folder) for skew, folder in zip(skews, folders, strict=True)]) as workers:
        result = run_scaled_out(plan(url, schedule, out_dir=tmp_path / "out"), workers, "here")
    told = result.summary["scale_out"]
    assert result.summary["requests"] | {"completed": 60, "failed": 0} == result.summary["requests"]
    assert result.records["index"].to_list() == list(range(60))
    assert np.allclose(result.records["intended_s"].to_numpy(), schedule.intended_s, atol=1e-8)
    assert result.records["sent_s"].is_not_null().all()
    for worker, skew in zip(told["workers"], skews, strict=True):
        assert abs(worker["clock_offset_ms"] - skew / 1e6) <= worker["clock_uncertainty_ms"]
        assert worker["clock_drift_ms"] is not None
    assert told["common_clock_uncertainty_ms"] > 0
    assert (tmp_path / "out" / "summary.json").exists()


def test_what_a_dead_worker_was_to_send_is_lost_by_name_and_the_run_is_invalid(
    url: str, tmp_path: Path
) -> None:
    schedule = Schedule.open_loop("constant", rate_rps=50, requests=20, input_tokens=8, output_tokens=4)
    with closing([Skewed(0, tmp_path), Mortal(5, tmp_path)]) as workers:
        result = run_scaled_out(plan(url, schedule), workers, "here")
    assert result.summary["requests"]["planned"] == 20
    assert result.summary["errors"] == {WORKER_LOST: 10}
    lost = result.records.filter(result.records["error_class"] == WORKER_LOST)
    assert lost["index"].to_list() == list(range(1, 20, 2))
    assert not result.valid
    assert "worker 1 was lost" in " ".join(result.instrument["reasons"])
    assert result.summary["scale_out"]["lost"] == 1
    assert result.summary["scale_out"]["workers"][1]["clock_drift_reason"]


def test_a_closed_loop_loses_a_request_a_stream_and_no_worker_left_is_an_error(
    url: str, tmp_path: Path
) -> None:
    schedule = Schedule.closed_loop(4, requests=12, input_tokens=8, output_tokens=4)
    with closing([Skewed(0, tmp_path), Mortal(0, tmp_path)]) as workers:
        result = run_scaled_out(plan(url, schedule), workers, "here")
    assert result.summary["errors"] == {WORKER_LOST: 2}
    assert result.summary["requests"]["completed"] == 6
    with (
        closing([Mortal(0, tmp_path)]) as workers,
        pytest.raises(AcceltrialError, match="every worker was lost"),
    ):
        run_scaled_out(plan(url, schedule), workers, "here")


def test_sessions_stay_whole_and_warm_up_comes_before_the_common_start(url: str, tmp_path: Path) -> None:
    schedule = Schedule.sessions([0.0, 0.05, 0.1], turns=3, think_s=0.01, output_tokens=4)
    with closing([Skewed(0, tmp_path), Skewed(9_000_000_000, tmp_path)]) as workers:
        result = run_scaled_out(plan(url, schedule, warm_up=5), workers, "here")
    assert result.summary["requests"] | {"planned": 9, "completed": 9} == result.summary["requests"]
    for _, turns in result.records.sort("turn").group_by("session"):
        assert all(later >= ended for later, ended in zip(turns["sent_s"][1:], turns["last_s"], strict=False))
    first = result.records.filter(result.records["turn"] == 0)
    assert np.allclose(first["intended_s"].to_numpy(), [0.0, 0.05, 0.1], atol=1e-8)


def test_sessions_of_a_dead_worker_are_lost_whole(url: str, tmp_path: Path) -> None:
    schedule = Schedule.sessions([0.0, 0.05], turns=3, think_s=0.01, output_tokens=4)
    with closing([Skewed(0, tmp_path), Mortal(0, tmp_path)]) as workers:
        result = run_scaled_out(plan(url, schedule), workers, "here")
    lost = result.records.filter(result.records["error_class"] == WORKER_LOST)
    assert lost["session"].to_list() == [1, 1, 1]


def test_more_workers_than_can_be_cut_apart_are_refused(tmp_path: Path) -> None:
    talks = Schedule.sessions([0.0], turns=2, think_s=0.1)
    streams = Schedule.closed_loop(1, requests=9)
    with closing([Skewed(0, tmp_path), Skewed(0, tmp_path)]) as workers:
        for schedule in (talks, streams):
            with pytest.raises(ConfigurationError, match="2 workers for 1"):
                run_scaled_out(plan("http://127.0.0.1:9/v1", schedule), workers, "here")
        with pytest.raises(ConfigurationError, match="0 workers"):
            run_scaled_out(plan("http://127.0.0.1:9/v1", talks), [], "here")
