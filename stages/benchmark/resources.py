"""Memory, GPU and energy over the time of a replay: rows of their summary, and the series themselves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from acceltrial.load import LoadResult
from acceltrial.stats.quantiles import Estimate
from acceltrial.targets import RunningServer
from acceltrial.telemetry.energy import NONE, Energy, cpu_energy, gpu_energy
from acceltrial.telemetry.growth import slope
from acceltrial.telemetry.nvml import NvmlProbe, open_nvml, throttled
from acceltrial.telemetry.process_memory import ProcessMemory
from acceltrial.telemetry.rapl import RaplProbe, open_rapl
from acceltrial.telemetry.sampling import Probe, Sampler
from schemas.base import table_of
from schemas.evidence import Telemetry
from stages.benchmark.rows import Row, RowMaker, unit_of

MOST_POINTS = 400
"""Of one series: a long run is thinned evenly."""
ELSEWHERE = "the server runs elsewhere: its machine is not seen"
GPU_MEANS = (
    "gpu_utilisation_share", "gpu_memory_busy_share", "gpu_power_w", "gpu_sm_clock_mhz",
    "gpu_memory_clock_mhz", "gpu_temperature_c",
)  # fmt: skip
GPU_COUNTS = ("gpu_ecc_uncorrected", "gpu_xid_errors")
GPU_ROWS = {
    **dict.fromkeys(GPU_MEANS, ("mean",)),
    "gpu_memory_mb": ("max",),
    "gpu_throttled_share": ("mean",),
    **dict.fromkeys(GPU_COUNTS, ("total",)),
}


@dataclass
class Watch:
    """What is read while a replay runs.

    Attributes:
        reasons: why a kind of telemetry (`memory`, `gpu`, `cpu`) is missing.
    """

    sampler: Sampler
    gpus: list[NvmlProbe] = field(default_factory=list)
    reasons: dict[str, str] = field(default_factory=dict)
    since_s: float = 0.0
    until_s: float = 0.0

    def bound(self, result: LoadResult) -> None:
        """Sets the window: from the schedule's start to the end of the last request."""
        last = result.records["ended_s"].max()
        self.since_s = result.started_s
        self.until_s = result.started_s + (float(last) if isinstance(last, float) else 0.0)

    def series(self, source: str, metric: str) -> tuple[list[float], list[float]]:
        """One series in the window."""
        return self.sampler.series(source, metric, self.since_s, self.until_s)


@contextmanager
def watch_resources(server: RunningServer, nvml: Any = None) -> Iterator[Watch]:
    """Reads the server's memory, the GPUs and the CPU's energy for the length of the block.

    Args:
        server: one that runs elsewhere is not watched.
        nvml: in place of the module `pynvml`.
    """
    probes: list[Probe] = []
    watch = Watch(Sampler(probes))
    if server.pid is None:
        watch.reasons = dict.fromkeys(("memory", "gpu", "cpu"), ELSEWHERE)
    else:
        probes.append(ProcessMemory(server.pid))
        gpus, rapl = open_nvml(nvml), open_rapl()
        if isinstance(gpus, str):
            watch.reasons["gpu"] = gpus
        else:
            watch.gpus = gpus
            probes += gpus
        if isinstance(rapl, RaplProbe):
            probes.append(rapl)
        else:
            watch.reasons["cpu"] = rapl
    with watch.sampler:
        yield watch


def resource_rows(maker: RowMaker, watch: Watch, completed: int) -> list[Row]:
    """Growth of memory, what the GPUs went through, energy and power. Without a meter nothing is guessed."""
    return [*_memory_rows(maker, watch), *_gpu_rows(maker, watch), *_energy_rows(maker, watch, completed)]


def _memory_rows(maker: RowMaker, watch: Watch) -> Iterator[Row]:
    metric = "memory_growth_mb_per_min"
    if "memory" in watch.reasons:
        yield maker.row(metric, "mean", None, reason=watch.reasons["memory"])
        yield maker.row("peak_pss_mb", "max", None, reason=watch.reasons["memory"])
        return
    a_second = slope(*watch.series("server", "rss_mb"))
    yield maker.estimate(metric, "mean", _times(a_second, 60.0), source="resident memory of the process tree")
    _, pss = watch.series("server", "pss_mb")
    yield maker.row(
        "peak_pss_mb",
        "max",
        max(pss, default=None),
        n=len(pss) or None,
        reason="one run: no interval" if pss else "the kernel gives no proportional memory here",
    )


def _gpu_rows(maker: RowMaker, watch: Watch) -> Iterator[Row]:
    if not watch.gpus:
        yield from maker.unknown(GPU_ROWS, watch.reasons.get("gpu", "no GPU"))
        return
    source = ", ".join(f"{gpu.source} {gpu.title}" for gpu in watch.gpus)
    one = "readings over one run: no interval"
    for metric in GPU_MEANS:
        found = [value for gpu in watch.gpus for value in watch.series(gpu.source, metric)[1]]
        mean = float(np.mean(found)) if found else None
        yield _gpu_row(maker, metric, "mean", mean, len(found), source, one)
    held = [max(watch.series(gpu.source, "gpu_memory_mb")[1], default=None) for gpu in watch.gpus]
    total = sum(one for one in held if one is not None) if None not in held else None
    yield _gpu_row(
        maker, "gpu_memory_mb", "max", total, len(held), source, "sum of each GPU's highest: no interval"
    )
    masks = [value for gpu in watch.gpus for value in watch.series(gpu.source, "gpu_throttle_reasons")[1]]
    slowed = [names for mask in masks if (names := throttled(mask))]
    told = sorted({name for names in slowed for name in names})
    share = len(slowed) / len(masks) if masks else None
    yield _gpu_row(maker, "gpu_throttled_share", "mean", share, len(masks), "; ".join([source, *told]), one)
    for metric in GPU_COUNTS:
        pairs = [watch.series(gpu.source, metric)[1] for gpu in watch.gpus]
        came = sum(values[-1] - values[0] for values in pairs) if all(pairs) else None
        yield _gpu_row(maker, metric, "total", came, len(pairs), source, "a count over one run: no interval")


def _gpu_row(
    maker: RowMaker, metric: str, statistic: str, value: float | None, n: int, source: str, known: str
) -> Row:
    reason = known if value is not None else "the device or its driver does not give it"
    return maker.row(metric, statistic, value, n=n or None, reason=reason, source=source)


def _energy_rows(maker: RowMaker, watch: Watch, completed: int) -> Iterator[Row]:
    """Joules a request and watts, of the GPUs and the CPU packages as far as each has a meter."""
    gpu = gpu_energy(watch.sampler, [one.source for one in watch.gpus], watch.since_s, watch.until_s)
    cpu = cpu_energy(watch.sampler, watch.since_s, watch.until_s)
    known = [one for one in (gpu, cpu) if one.joules is not None]
    seconds = watch.until_s - watch.since_s
    method = " + ".join(one.method for one in known) or NONE
    joules = sum(one.joules or 0.0 for one in known) if known and seconds > 0 else None
    reason = "one run: no interval" if known else _no_meter(watch, gpu, cpu)
    source = f"energy method {method}"
    each = joules / completed if joules is not None and completed else None
    told = "no request was answered" if known and not completed else reason
    yield maker.row("energy_j_per_request", "mean", each, n=completed or None, reason=told, source=source)
    watts = joules / seconds if joules is not None else None
    yield maker.row("power_w", "mean", watts, reason=reason, source=source)


def _no_meter(watch: Watch, gpu: Energy, cpu: Energy) -> str:
    told = dict.fromkeys((watch.reasons.get("gpu", gpu.reason), watch.reasons.get("cpu", cpu.reason)))
    return f"energy method none: {'; '.join(told)}; a model of TDP would rank nothing"


def _times(found: Estimate, factor: float) -> Estimate:
    def scaled(value: float | None) -> float | None:
        return None if value is None else value * factor

    return Estimate(
        scaled(found.value),
        scaled(found.low),
        scaled(found.high),
        found.n,
        found.level,
        found.method,
        found.reason,
    )


def telemetry_table(cell: str, watch: Watch, result: LoadResult) -> pl.DataFrame:
    """Every series of the window, the server's own metrics too, in seconds from the schedule's start."""
    rows: list[dict[str, Any]] = []
    names = dict.fromkeys((one.source, one.metric) for one in watch.sampler.readings)
    for source, metric in names:
        rows += _points(cell, source, metric, *watch.series(source, metric), watch.since_s)
    metrics = dict.fromkeys(name for row in result.server.rows for name in row if name != "at_s")
    for name in metrics:
        seen = [row for row in result.server.rows if name in row and row["at_s"] >= watch.since_s]
        times, values = [row["at_s"] for row in seen], [row[name] for row in seen]
        rows += _points(cell, "server_metrics", name, times, values, watch.since_s)
    return table_of(Telemetry, rows)


def _points(
    cell: str, source: str, metric: str, times: list[float], values: list[float], since_s: float
) -> list[dict[str, Any]]:
    step = max(1, -(-len(times) // MOST_POINTS))
    return [
        {
            "cell": cell,
            "source": source,
            "metric": metric,
            "unit": unit_of(metric),
            "at_s": at_s - since_s,
            "value": value,
        }
        for at_s, value in list(zip(times, values, strict=True))[::step]
    ]
