"""Other ways to run a bench: asking a task set, and from several machines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from acceltrial.errors import ConfigurationError

if TYPE_CHECKING:
    from acceltrial.load import LoadPlan, LoadResult


def run_asked(plan: LoadPlan, quality: str | None, scale_out: str | None, workers: int) -> dict[str, Any]:
    """The summary of one run, with `quality` and `scale_out` where they were asked for.

    Raises:
        ConfigurationError: a transport other than ray, or no worker.
    """
    if quality is None:
        return _send(plan, scale_out, workers).summary
    from acceltrial.quality.load_run import asking, scored

    plan, asked = asking(plan, quality)
    result = _send(plan, scale_out, workers)
    summary = result.summary | {"quality": scored(result, asked)}
    if plan.out_dir is not None:
        from acceltrial.load.output import write_json

        write_json(plan.out_dir / "summary.json", summary)
    return summary


def quality_lines(summary: dict[str, Any]) -> list[str]:
    """What a person reads of it."""
    lines = []
    found = summary.get("quality")
    if found:
        rate = found["success_rate"]
        told = rate.get("reason") or ""
        if rate["value"] is not None:
            told = f"{rate['value']:.1%} right ({rate['low']:.1%} to {rate['high']:.1%}, n {rate['n']})"
        counts = ", ".join(f"{n} {name}" for name, n in found.get("verdicts", {}).items())
        lines.append(f"quality: {told}" + (f"; {counts}" if counts else ""))
    scale_out = summary.get("scale_out")
    if scale_out:
        count, lost = len(scale_out["workers"]), scale_out["lost"]
        agree = f"clocks agree within {scale_out['common_clock_uncertainty_ms']:.3f} ms"
        lines.append(f"scale-out: {count} workers over {scale_out['transport']}, {lost} lost; {agree}")
    return lines


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
