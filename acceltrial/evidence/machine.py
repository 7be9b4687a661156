"""What machine a figure was measured on."""

from __future__ import annotations

import os
import platform
import time
from functools import cache
from pathlib import Path
from typing import Any

_TELLING_FLAGS = ("avx2", "avx512f", "avx512_bf16", "avx512_vnni", "amx_bf16", "amx_int8", "neon", "sve")
"""CPU features that decide which kernels an engine can use."""


@cache
def describe_machine() -> dict[str, Any]:
    """CPU model, telling flags, cores, memory, governor, clock source, OS and Python.

    What the system does not tell is left out, never guessed.
    """
    facts: dict[str, Any] = {
        "cpu_model": _cpu_model(),
        "cpu_flags": sorted(set(_TELLING_FLAGS) & _cpu_flags()),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gb": _memory_gb(),
        "governor": _read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
        "clock_source": _read("/sys/devices/system/clocksource/clocksource0/current_clocksource"),
        "os": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "monotonic_resolution_s": time.get_clock_info("monotonic").resolution,
    }
    return {key: value for key, value in facts.items() if value not in (None, "", [])}


def _cpu_model() -> str:
    for line in _read("/proc/cpuinfo").splitlines():
        if line.startswith(("model name", "Model")):
            return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def _cpu_flags() -> set[str]:
    for line in _read("/proc/cpuinfo").splitlines():
        if line.startswith(("flags", "Features")):
            return set(line.split(":", 1)[1].split())
    return set()


def _memory_gb() -> float | None:
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1)
    except (ValueError, OSError):
        return None


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
