"""What a local device can do at most, measured in a child process."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from acceltrial.errors import TargetUnavailableError
from acceltrial.targets.weights import INSTALL_LOCAL, missing_modules, module_environment


@dataclass(frozen=True, slots=True)
class DevicePeak:
    """Rates, one entry a repetition.

    Attributes:
        gemm_flops_per_s: by precision (`fp32`, `bf16`), of square matrix products.
        read_bytes_per_s: of a matrix-vector product on a matrix far larger than the caches.
        source: how and with what it was measured.
    """

    gemm_flops_per_s: dict[str, list[float]]
    read_bytes_per_s: list[float]
    source: str


def measure_peak(
    workdir: Path, *, device: str = "cpu", budget_s: float = 1.0, timeout_s: float = 120.0
) -> DevicePeak:
    """The device's rates, each measured for about `budget_s` seconds.

    Raises:
        TargetUnavailableError: torch is missing, or the measurement failed or took too long.
    """
    if missing_modules("torch"):
        raise TargetUnavailableError("torch is not installed", where=device, remedy=INSTALL_LOCAL)
    workdir.mkdir(parents=True, exist_ok=True)
    out = workdir / "peak.json"
    settings = json.dumps({"device": device, "budget_s": budget_s, "out": str(out.resolve())})
    command = [sys.executable, "-m", "acceltrial.targets.local.peak", settings]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=timeout_s, env=module_environment(), check=False
        )
    except subprocess.TimeoutExpired as error:
        raise TargetUnavailableError(
            f"measuring the device took more than {timeout_s:.0f} s",
            where=device,
            remedy="run again when it is idle",
        ) from error
    if done.returncode or not out.exists():
        lines = done.stderr.strip().splitlines() or ["no message"]
        raise TargetUnavailableError(
            f"measuring the device failed: {lines[-1][:200]}",
            where=device,
            remedy="check the torch installation",
        )
    found = json.loads(out.read_text())
    how = f"torch {found['torch']}, {found['threads']} threads, {found['cpu_capability']}"
    return DevicePeak(found["gemm_flops_per_s"], found["read_bytes_per_s"], how)
