"""Energy of a stretch of time from what a sampler read, with the method by which it is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from acceltrial.telemetry.sampling import Sampler, grown

COUNTER = "nvml_counter"
INTEGRATED = "nvml_power_integrated"
RAPL = "rapl"
NONE = "none"


@dataclass(frozen=True, slots=True)
class Energy:
    """Joules between two times; None with the reason where no meter tells.

    Attributes:
        method: `nvml_counter`, `nvml_power_integrated`, `rapl`, or `none`.
    """

    joules: float | None
    method: str
    reason: str = ""


def gpu_energy(sampler: Sampler, gpus: Sequence[str], since_s: float, until_s: float) -> Energy:
    """Energy of the GPUs together: by their own counters, else by integrating their power readings."""
    if not gpus:
        return Energy(None, NONE, "no GPU telemetry")
    counted = [_counted(sampler, gpu, since_s, until_s) for gpu in gpus]
    if all(one is not None for one in counted):
        return Energy(sum(one or 0.0 for one in counted), COUNTER)
    integrated = [_integrated(sampler, gpu, since_s, until_s) for gpu in gpus]
    if all(one is not None for one in integrated):
        return Energy(sum(one or 0.0 for one in integrated), INTEGRATED)
    return Energy(None, NONE, "the GPU gives neither an energy counter nor enough power readings")


def cpu_energy(sampler: Sampler, since_s: float, until_s: float) -> Energy:
    """Energy of the CPU packages by RAPL."""
    times, values = sampler.series("cpu", "cpu_energy_j", -np.inf, np.inf)
    joules = grown(times, values, since_s, until_s)
    return Energy(
        joules, RAPL if joules is not None else NONE, "" if joules is not None else "no RAPL reading"
    )


def _counted(sampler: Sampler, gpu: str, since_s: float, until_s: float) -> float | None:
    return grown(*sampler.series(gpu, "gpu_energy_j", -np.inf, np.inf), since_s, until_s)


def _integrated(sampler: Sampler, gpu: str, since_s: float, until_s: float) -> float | None:
    times, watts = sampler.series(gpu, "gpu_power_w", -np.inf, np.inf)
    if len(times) < 2:
        return None
    steps = np.diff(times) * (np.asarray(watts[1:]) + np.asarray(watts[:-1])) / 2
    return grown(times, [0.0, *np.cumsum(steps).tolist()], since_s, until_s)
