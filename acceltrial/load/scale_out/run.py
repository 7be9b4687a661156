"""One load run over several workers: equal start, own clocks, one table of records."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from acceltrial.errors import AcceltrialError, ConfigurationError
from acceltrial.load.address import resolve
from acceltrial.load.job import Job
from acceltrial.load.plan import LoadPlan, LoadResult
from acceltrial.load.records import RecordBuilder
from acceltrial.load.run import Drive, job_for, lay_down, rendering_for, run_folder
from acceltrial.load.scale_out.clocks import Offset, Stamps, measure_offset
from acceltrial.load.scale_out.lost import with_lost
from acceltrial.load.scale_out.shards import on_our_clock, shard_files
from acceltrial.load.scale_out.worker import Collected
from acceltrial.load.server_metrics import watching
from acceltrial.load.spill import read_spill

_LEAD_S = 0.25


class WorkerLostError(AcceltrialError):
    """A worker does not answer any more."""


class Worker(Protocol):
    """A `ShardWorker` somewhere. Every method raises WorkerLostError when it has gone."""

    def about(self) -> dict[str, Any]:
        """Where it runs."""
        ...

    def stamps(self) -> Stamps:
        """Its clock."""
        ...

    def prepare(self, files: dict[str, bytes], shard: int) -> None:
        """Lays a shard down and warms up."""
        ...

    def start(self, start_ns: int) -> None:
        """Starts at a time of its clock."""
        ...

    def collect(self, deadline_s: float) -> Collected:
        """Waits for the end."""
        ...


@dataclass(frozen=True)
class Part:
    """What came of one worker.

    Attributes:
        before, after: its clock's offset ahead of the run and behind it; None where it was lost by then.
        late_s: it got the word to start so long before the start; negative means that the word came late.
    """

    shard: int
    about: dict[str, Any]
    before: Offset
    after: Offset | None
    late_s: float
    collected: Collected

    def summary(self) -> dict[str, Any]:
        """JSON-able. `drift_ms` is how far the clocks moved apart during the run."""
        drift = self.after.offset_ns - self.before.offset_ns if self.after else None
        return {
            "shard": self.shard,
            **self.about,
            "clock_offset_ms": self.before.offset_ns / 1e6,
            "clock_uncertainty_ms": self.before.uncertainty_ns / 1e6,
            "clock_drift_ms": drift / 1e6 if drift is not None else None,
            "clock_drift_reason": None
            if self.after
            else "the worker was lost before its clock was read again",
            "start_lead_ms": self.late_s * 1e3,
            "problem": self.collected.problem or None,
        }


def run_scaled_out(plan: LoadPlan, workers: Sequence[Worker], transport: str) -> LoadResult:
    """Sends the plan's schedule from all workers together; gives what `run_load` gives.

    The schedule is cut by index: the merged stream is exactly the schedule. Latencies and send lag lie
    between times of one worker's clock and need no other; only what compares workers (requests in flight,
    the timeline, rates) has the clocks' uncertainty, which the summary states. A request of a worker
    that is lost is a failed row of class `worker_lost`: whether it was sent cannot be known.

    Raises:
        ConfigurationError: a plan that cannot be cut.
        AcceltrialError: every worker was lost.
    """
    _check(plan, workers)
    calibration = None
    if plan.calibrate:
        from acceltrial.load.calibrate import calibrate

        plan.progress("measuring the instrument on this machine against the reference server")
        calibration = calibrate(plan)
    driven, parts = _drive(replace(plan, processes=len(workers)), workers)
    from acceltrial.load import output, summary

    found = summary.summarise(plan, driven, calibration)
    found["scale_out"] = _told(parts, transport)
    lost = [part for part in parts if part.collected.stats is None]
    if lost:
        found["instrument"]["valid"] = False
        found["instrument"]["reasons"] += [f"worker {p.shard} was lost: {p.collected.problem}" for p in lost]
    if calibration is not None:
        found["instrument"]["notes"].append("calibrated on the machine that leads, not on each worker's")
    result = LoadResult(
        driven.records, found, found["instrument"], started_s=driven.start_ns / 1e9, server=driven.server
    )
    if plan.out_dir is not None:
        output.write(plan, result)
    return result


def _check(plan: LoadPlan, workers: Sequence[Worker]) -> None:
    parts = plan.schedule.parts
    if not 0 < len(workers) <= parts:
        raise ConfigurationError(
            f"{len(workers)} workers for {parts} requests, sessions or streams that can be cut apart",
            where="scale-out",
            remedy=f"use 1 to {parts} workers",
        )


def _drive(plan: LoadPlan, workers: Sequence[Worker]) -> tuple[Drive, list[Part]]:
    begun = time.monotonic()
    address = resolve(plan.base_url)
    with run_folder(plan) as folder:
        job = job_for(plan, address, folder)
        rendering = rendering_for(plan, address)
        lay_down(plan, job, rendering)
        with watching(address) as server:
            start_ns, parts = _send(plan, job, workers)
        stats = [_shifted(p) for p in parts if p.collected.stats is not None]
        if not stats:
            raise AcceltrialError(
                f"every worker was lost ({parts[0].collected.problem})",
                where="scale-out",
                remedy="look at the workers' machines",
            )
        builder = RecordBuilder.of(plan, rendering, start_ns)
        for part in parts:
            _add(builder, part)
        lost = [part.shard for part in parts if part.collected.stats is None]
        records = with_lost(builder.build(), plan.schedule, job.processes, lost)
    first_ns = min((one["first_sent_ns"] for one in stats if one["first_sent_ns"]), default=start_ns)
    startup_s = first_ns / 1e9 - begun - max(float(one["warm_up_s"]) for one in stats)
    driven = Drive(records, stats, start_ns, startup_s, rendering.rate, server, rendering.dialect)
    return driven, parts


def _send(plan: LoadPlan, job: Job, workers: Sequence[Worker]) -> tuple[int, list[Part]]:
    """The start on our clock, and what came of each worker."""
    with ThreadPoolExecutor(len(workers)) as pool:
        list(pool.map(lambda one: one[1].prepare(shard_files(job, one[0]), one[0]), enumerate(workers)))
        abouts = list(pool.map(lambda worker: worker.about(), workers))
        # One after the other: exchanges that run together would slow each other down.
        offsets = [measure_offset(worker.stamps) for worker in workers]
        trip_s = 2 * max(offset.uncertainty_ns for offset in offsets) / 1e9
        start_ns = time.monotonic_ns() + int((_LEAD_S + 4 * trip_s * len(workers)) * 1e9)
        leads = list(
            pool.map(lambda pair: _start(pair[0], pair[1], start_ns), zip(workers, offsets, strict=True))
        )
        waiting = [pool.submit(_collect, worker, plan.deadline_s) for worker in workers]
        _tell(plan.progress, waiting)
        collected = [one.result() for one in waiting]
    after = [_again(worker, found) for worker, found in zip(workers, collected, strict=True)]
    rows = zip(abouts, offsets, after, leads, collected, strict=True)
    return start_ns, [Part(shard, *row) for shard, row in enumerate(rows)]


def _start(worker: Worker, offset: Offset, start_ns: int) -> float:
    """Seconds between the answer to the word and the start; a worker that has gone shows when collecting."""
    try:
        worker.start(offset.to_worker(start_ns))
    except AcceltrialError:
        return 0.0
    return (start_ns - time.monotonic_ns()) / 1e9


def _collect(worker: Worker, deadline_s: float) -> Collected:
    try:
        return worker.collect(deadline_s)
    except AcceltrialError as error:
        return Collected(b"", None, error.what)


def _again(worker: Worker, collected: Collected) -> Offset | None:
    if collected.stats is None:
        return None
    try:
        return measure_offset(worker.stamps)
    except AcceltrialError:
        return None


def _tell(progress: Callable[[str], None], waiting: Sequence[Any]) -> None:
    begun, told = time.monotonic(), 0.0
    while not all(one.done() for one in waiting):
        time.sleep(0.02)
        elapsed = time.monotonic() - begun
        if elapsed - told >= 1.0:
            told = elapsed
            progress(f"load has run for {elapsed:.0f} s on {len(waiting)} workers")


def _shifted(part: Part) -> dict[str, Any]:
    stats = dict(part.collected.stats or {})
    for name in ("start_ns", "first_sent_ns", "ended_ns"):
        if name in stats:
            stats[name] = part.before.to_ours(int(stats[name]))
    return stats


def _add(builder: RecordBuilder, part: Part) -> None:
    if not part.collected.spill:
        return
    with tempfile.TemporaryDirectory(prefix="acceltrial-spill-") as name:
        path = Path(name) / "raw.bin"
        path.write_bytes(part.collected.spill)
        builder.add(on_our_clock(read_spill(path), part.before))


def _told(parts: Sequence[Part], transport: str) -> dict[str, Any]:
    return {
        "transport": transport,
        "workers": [part.summary() for part in parts],
        "lost": sum(part.collected.stats is None for part in parts),
        "common_clock_uncertainty_ms": max(
            (p.before.uncertainty_ns + abs(p.after.offset_ns - p.before.offset_ns if p.after else 0)) / 1e6
            for p in parts
        ),
    }
