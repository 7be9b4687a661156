"""The ways to run a bench: once, repeated, as a search, asking a task set, and from several machines."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from acceltrial.cli.bench_flags import Measuring, Traffic, usage_error
from acceltrial.errors import ConfigurationError

if TYPE_CHECKING:
    from acceltrial.load import LoadPlan, LoadResult

_SEARCH_RUN_S = 10.0


def run_asked(plan: LoadPlan, traffic: Traffic, measuring: Measuring, out: Path | None) -> dict[str, Any]:
    """The summary of the plan run as the flags ask; files go to `out`.

    Raises:
        ConfigurationError: the flags do not fit the way, a transport other than ray, or no worker.
    """
    if measuring.find_goodput:
        return _search(plan, traffic, out)
    if measuring.repeats > 1:
        return _repeat(plan, traffic, measuring.repeats, out)
    plan = replace(plan, out_dir=out)
    if measuring.quality is None:
        return _send(plan, measuring.scale_out, measuring.workers).summary
    return _judged(plan, measuring.quality, measuring)


def _judged(plan: LoadPlan, quality: str, measuring: Measuring) -> dict[str, Any]:
    """The summary of one run of a task set, with what is right under `quality`."""
    from acceltrial.quality.load_run import asking, scored

    plan, asked = asking(plan, quality)
    result = _send(plan, measuring.scale_out, measuring.workers)
    summary = result.summary | {"quality": scored(result, asked)}
    _keep(summary, plan.out_dir)
    return summary


def _search(plan: LoadPlan, traffic: Traffic, out: Path | None) -> dict[str, Any]:
    """The summary of the run at the best rate, with the search under `goodput`."""
    from acceltrial.load import run_load
    from acceltrial.load.goodput import find_goodput

    if plan.slo is None or traffic.concurrency is not None or traffic.arrivals.startswith("trace:"):
        raise usage_error(
            "--find-goodput needs --slo and open arrivals (constant, poisson, gamma:CV, weibull:CV)"
        )
    if not traffic.requests and not traffic.duration:
        traffic = replace(traffic, duration=_SEARCH_RUN_S)
    results: dict[float, LoadResult] = {}

    def run(rate_rps: float, number: int) -> LoadResult:
        plan.progress(f"trying {rate_rps:.3g} requests/s")
        schedule = traffic.at_rate(rate_rps, traffic.seed + number)
        folder = out / f"rate-{rate_rps:.4g}" if out else None
        results[rate_rps] = run_load(replace(plan, schedule=schedule, out_dir=folder))
        return results[rate_rps]

    found = find_goodput(run, traffic.rate or 1.0)
    shown = results[found.rate_rps] if found.rate_rps else results[found.trials[-1].rate_rps]
    summary = shown.summary | {"goodput": found.summary()}
    _keep(summary, out)
    return summary


def _repeat(plan: LoadPlan, traffic: Traffic, repeats: int, out: Path | None) -> dict[str, Any]:
    """The summary of the middle run with the spread under `repeats`; each run has a folder of its own."""
    from acceltrial.load import run_load
    from acceltrial.load.repeats import repeated

    def run(number: int) -> LoadResult:
        plan.progress(f"run {number + 1} of {repeats}")
        folder = out / f"run-{number + 1}" if out else None
        return run_load(replace(plan, schedule=traffic.schedule(number), out_dir=folder))

    summary = repeated(run, repeats)
    _keep(summary, out)
    return summary


def _keep(summary: dict[str, Any], folder: Path | None) -> None:
    if folder is not None:
        from acceltrial.load.output import write_json

        write_json(folder / "summary.json", summary)


def _send(plan: LoadPlan, scale_out: str | None, workers: int) -> LoadResult:
    if scale_out is None:
        from acceltrial.load import run_load

        return run_load(plan)
    transport, _, address = scale_out.partition(":")
    if transport != "ray" or workers < 1:
        raise ConfigurationError(
            f"--scale-out {scale_out} --workers {workers}: the transport is ray, with at least one worker",
            where="acceltrial bench",
            remedy="--scale-out ray, or --scale-out ray:HOST:PORT",
        )
    from acceltrial.load.scale_out.ray_workers import ray_workers
    from acceltrial.load.scale_out.run import run_scaled_out

    plan.progress("starting the workers")
    with ray_workers(address, workers) as crew:
        return run_scaled_out(plan, crew, scale_out)
