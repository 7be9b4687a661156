"""NVIDIA GPUs through NVML: load, memory, power, clocks, throttling, ECC and XID errors."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

THROTTLING = {
    "software power cap": 0x4,
    "hardware slowdown": 0x8,
    "software thermal slowdown": 0x20,
    "hardware thermal slowdown": 0x40,
    "hardware power brake": 0x80,
}
"""Reasons that take speed away from work (nvmlClocksEventReasons); idling and set clocks are none of them."""

_SM_CLOCK, _MEMORY_CLOCK, _TEMPERATURE = 1, 2, 0
_UNCORRECTED, _SINCE_BOOT = 1, 0
_XID_EVENT = 0x8
INSTALL = "pip install 'acceltrial[gpu]'"


@dataclass
class NvmlProbe:
    """One GPU. What the device or driver does not support is left out of every reading.

    Attributes:
        api: the module `pynvml`, or whatever answers like it.
        title: the device's product name.
        xids: codes of the XID errors that came while we watched, in order.
        unsupported: names of the figures that the device does not give.
    """

    api: Any
    handle: Any
    source: str
    title: str
    xids: list[int] = field(default_factory=list)
    unsupported: set[str] = field(default_factory=set)
    _events: Any = None

    def __post_init__(self) -> None:
        with contextlib.suppress(self.api.NVMLError):
            events = self.api.nvmlEventSetCreate()
            self.api.nvmlDeviceRegisterEvents(self.handle, _XID_EVENT, events)
            self._events = events

    def read(self) -> dict[str, float]:
        """The figures of this moment, by metric."""
        found: dict[str, float] = {}
        for metric, read in _READERS.items():
            if metric in self.unsupported:
                continue
            try:
                found[metric] = float(read(self.api, self.handle))
            except (self.api.NVMLError, AttributeError, ValueError):
                self.unsupported.add(metric)
        self._take_events()
        if self._events is not None:
            found["gpu_xid_errors"] = float(len(self.xids))
        return found

    def close(self) -> None:
        """Gives the event set back; the library itself stays open, others may use it."""
        if self._events is not None:
            with contextlib.suppress(self.api.NVMLError):
                self.api.nvmlEventSetFree(self._events)

    def _take_events(self) -> None:
        while self._events is not None:
            try:
                event = self.api.nvmlEventSetWait_v2(self._events, 0)
            except self.api.NVMLError:  # the time-out of an empty set
                return
            self.xids.append(int(event.eventData))


def open_nvml(api: Any = None) -> list[NvmlProbe] | str:
    """A probe of every GPU of this machine, or the reason why there is none.

    Args:
        api: the module `pynvml`; imported where not given.
    """
    if api is None:
        try:
            api = import_module("pynvml")
        except ImportError:
            return f"nvidia-ml-py is not installed ({INSTALL})"
    try:
        api.nvmlInit()
        count = int(api.nvmlDeviceGetCount())
        handles = [api.nvmlDeviceGetHandleByIndex(index) for index in range(count)]
        probes = [
            NvmlProbe(api, handle, f"gpu{index}", _text(api.nvmlDeviceGetName(handle)))
            for index, handle in enumerate(handles)
        ]
    except api.NVMLError as error:
        return f"NVML: {error}"
    return probes or "NVML finds no GPU"


def throttled(mask: float) -> list[str]:
    """The names of the throttling reasons in one reading of `gpu_throttle_reasons`."""
    return [name for name, bit in THROTTLING.items() if int(mask) & bit]


def _text(name: bytes | str) -> str:
    return name.decode(errors="replace") if isinstance(name, bytes) else name


def _reasons(api: Any, handle: Any) -> float:
    # Named "throttle reasons" before driver 535.
    read = getattr(api, "nvmlDeviceGetCurrentClocksEventReasons", None)
    if read is not None:
        with contextlib.suppress(api.NVMLError):
            return float(read(handle))
    return float(api.nvmlDeviceGetCurrentClocksThrottleReasons(handle))


_READERS: dict[str, Callable[[Any, Any], float]] = {
    "gpu_utilisation_share": lambda api, gpu: api.nvmlDeviceGetUtilizationRates(gpu).gpu / 100,
    "gpu_memory_busy_share": lambda api, gpu: api.nvmlDeviceGetUtilizationRates(gpu).memory / 100,
    "gpu_memory_mb": lambda api, gpu: api.nvmlDeviceGetMemoryInfo(gpu).used / 1e6,
    "gpu_power_w": lambda api, gpu: api.nvmlDeviceGetPowerUsage(gpu) / 1e3,
    "gpu_energy_j": lambda api, gpu: api.nvmlDeviceGetTotalEnergyConsumption(gpu) / 1e3,
    "gpu_sm_clock_mhz": lambda api, gpu: api.nvmlDeviceGetClockInfo(gpu, _SM_CLOCK),
    "gpu_memory_clock_mhz": lambda api, gpu: api.nvmlDeviceGetClockInfo(gpu, _MEMORY_CLOCK),
    "gpu_temperature_c": lambda api, gpu: api.nvmlDeviceGetTemperature(gpu, _TEMPERATURE),
    "gpu_throttle_reasons": _reasons,
    "gpu_ecc_uncorrected": lambda api, gpu: api.nvmlDeviceGetTotalEccErrors(gpu, _UNCORRECTED, _SINCE_BOOT),
}
