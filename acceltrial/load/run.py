"""One load run from plan to result."""

from __future__ import annotations

import tempfile
import time
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from acceltrial.load.address import Address, resolve
from acceltrial.load.dialect import OPENAI, Dialect
from acceltrial.load.job import Job, write_job
from acceltrial.load.plan import LoadPlan, LoadResult
from acceltrial.load.probe import probe_dialect, probe_rate
from acceltrial.load.processes import Fleet
from acceltrial.load.prompts import Tokenizer, TokenRate
from acceltrial.load.render import Rendering
from acceltrial.load.server_metrics import ServerMetrics, watching
from acceltrial.load.slo import Slo
from acceltrial.load.spill import read_spill

if TYPE_CHECKING:
    import polars as pl

_ONE_PROCESS_RPS = 1_500.0
_MOST_PROCESSES = 8


@dataclass(frozen=True)
class Drive:
    """What came back from driving one plan, before it is judged.

    Attributes:
        startup_s: from the call to the first request on the wire.
        rate: how prompt lengths were counted.
        dialect: which optional fields were left out of the requests.
        server: the server's own metrics, where it offers some that we know.
    """

    records: pl.DataFrame
    stats: list[dict[str, Any]]
    start_ns: int
    startup_s: float
    rate: TokenRate
    server: ServerMetrics = field(default_factory=ServerMetrics)
    dialect: Dialect = OPENAI


def run_load(plan: LoadPlan) -> LoadResult:
    """Sends the plan's schedule and gives records, summary and the instrument's own error.

    Blocks until every request has ended. Requests that fail are recorded by class; they raise nothing.

    Raises:
        ConfigurationError: the plan cannot be carried out as given.
        TargetUnavailableError: the server's name cannot be resolved.
        AcceltrialError: a load process died.
    """
    begun = time.monotonic()
    if plan.slo is not None:
        Slo.parse(plan.slo)  # a wrong one must not come to light after the run
    calibration = None
    if plan.calibrate:
        from acceltrial.load.calibrate import calibrate

        plan.progress("measuring the instrument against the reference server")
        calibration = calibrate(plan)
        begun = time.monotonic()
    driven = drive(plan, begun=begun)
    # Tables are loaded only now: the first request does not wait for them.
    from acceltrial.load import output, summary

    found = summary.summarise(plan, driven, calibration)
    result = LoadResult(
        driven.records, found, found["instrument"], started_s=driven.start_ns / 1e9, server=driven.server
    )
    if plan.out_dir is not None:
        output.write(plan, result)
    return result


def drive(plan: LoadPlan, begun: float | None = None) -> Drive:
    """Sends the plan's schedule, without judging what came back. Raises as `run_load`."""
    begun = time.monotonic() if begun is None else begun
    address = resolve(plan.base_url)
    with run_folder(plan) as folder:
        job = job_for(plan, address, folder)
        with Fleet(job, deadline_s=plan.deadline_s, progress=plan.progress) as fleet:
            rendering = rendering_for(plan, address)
            lay_down(plan, job, rendering)
            with watching(address) as server:
                start_ns = fleet.start()
                stats = fleet.wait()
        from acceltrial.load.records import RecordBuilder

        origin_ns = min(int(one["start_ns"]) for one in stats)
        builder = RecordBuilder.of(plan, rendering, origin_ns)
        for shard in range(job.processes):
            builder.add(read_spill(job.spill_path(shard)))
        records = builder.build()
    first_ns = min((int(one["first_sent_ns"]) for one in stats if one["first_sent_ns"]), default=start_ns)
    startup_s = first_ns / 1e9 - begun - max(float(one["warm_up_s"]) for one in stats)
    return Drive(records, stats, origin_ns, startup_s, rendering.rate, server, rendering.dialect)


def processes_for(plan: LoadPlan) -> int:
    """How many load processes the plan needs: its own number, or by the schedule's rate."""
    import os

    if plan.processes:
        return min(plan.processes, plan.schedule.parts)
    busiest = plan.schedule.rate_rps or plan.schedule.concurrency * 10.0
    wanted = int(busiest // _ONE_PROCESS_RPS) + 1
    return max(1, min(wanted, (os.cpu_count() or 2) // 2, _MOST_PROCESSES, plan.schedule.parts))


def rendering_for(plan: LoadPlan, address: Address) -> Rendering:
    """How the plan's requests are written, after the server was asked what it takes and how it counts."""
    tokenizer = Tokenizer(plan.tokenizer) if plan.tokenizer else None
    dialect = probe_dialect(plan, address) if plan.negotiate else OPENAI
    for name, told in dialect.left_out.items():
        plan.progress(f"{name} is left out of the requests: {told}")
    if dialect.problem:
        plan.progress(f"a request of this form is not answered: {dialect.problem}")
    if plan.schedule.prompts is not None:
        rate = TokenRate(source="the caller's own prompts")
    elif tokenizer is not None:
        rate = tokenizer.rate()
    else:
        rate = probe_rate(plan, address, dialect)
    return Rendering(plan, address, rate, tokenizer, dialect)


@contextmanager
def run_folder(plan: LoadPlan) -> Iterator[Path]:
    """A folder for the job, beside the run's files where it keeps some."""
    if plan.out_dir is not None:
        plan.out_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="acceltrial-load-", dir=plan.out_dir) as name:
        yield Path(name)


def job_for(plan: LoadPlan, address: Address, folder: Path) -> Job:
    """The settings of the plan's load processes."""
    processes = processes_for(plan)
    schedule = plan.schedule
    return Job(
        folder=str(folder.resolve()),
        addresses=list(address.addresses),
        server_name=address.host if address.tls else "",
        ca_file=str(plan.ca_file) if plan.ca_file else "",
        verify_tls=plan.verify_tls,
        requests=plan.warm_up + len(schedule),
        warm_up=plan.warm_up,
        warm_up_streams=max(schedule.concurrency, 4),
        concurrency=schedule.concurrency,
        timeout_s=plan.timeout_s,
        stop_after_s=schedule.stop_after_s,
        max_connections=max(1, plan.max_connections // processes),
        max_response_bytes=plan.max_response_bytes,
        keep_alive=plan.keep_alive,
        processes=processes,
    )


def lay_down(plan: LoadPlan, job: Job, rendering: Rendering) -> None:
    """Renders every request into the job's folder."""
    schedule = plan.schedule
    write_job(
        job,
        chain(rendering.warm_up(), rendering.scheduled()),
        array("d", schedule.intended_s.tobytes()),
        array("q", schedule.after.astype("int64").tobytes()) if schedule.after is not None else None,
        array("d", schedule.think_s.tobytes()) if schedule.think_s is not None else None,
    )


def without_calibration(plan: LoadPlan, **changes: Any) -> LoadPlan:
    """The plan with changes and no calibration, for runs within a run."""
    return replace(plan, calibrate=False, **changes)
