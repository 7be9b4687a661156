"""Which devices this machine has, without importing torch."""

from __future__ import annotations

from pathlib import Path

from acceltrial.targets.spec import Availability

DEVICE_PATTERN = r"^(cpu|cuda(:\d+)?)$"


def device_availability(device: str) -> Availability:
    """Whether this machine has the torch device, told by its driver's file: importing torch is slow."""
    if device == "cpu" or Path("/dev/nvidiactl").exists():
        return Availability(available=True)
    return Availability(
        available=False,
        reason=f"device {device}: this machine has no NVIDIA driver",
        remedy="run on a machine with a GPU, or set `launch.device: cpu`",
    )


TORCH_DTYPES = {"bf16": "bfloat16", "fp32": "float32"}
