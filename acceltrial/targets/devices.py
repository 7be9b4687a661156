"""What torch code would find on this machine, without importing torch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from acceltrial.targets.spec import Availability
from acceltrial.targets.weights import INSTALL_LOCAL, missing_modules

DEVICE_PATTERN = r"^(cpu|cuda(:\d+)?)$"
TORCH_DTYPES = {"bf16": "bfloat16", "fp32": "float32"}


def torch_availability(
    modules: Sequence[str], folder: Path | None, device: str, precision: str | None = None
) -> Availability:
    """Whether torch can run a model here: its modules, folder (None: packaged), number format, device."""
    if missing := missing_modules(*modules):
        return Availability(
            available=False, reason=f"not installed: {', '.join(missing)}", remedy=INSTALL_LOCAL
        )
    if folder is not None and not (folder / "config.json").is_file():
        return Availability(
            available=False,
            reason=f"{folder} is not a transformers folder",
            remedy="correct `launch.weights` in targets.yaml",
        )
    if precision is not None and precision not in TORCH_DTYPES:
        return Availability(
            available=False,
            reason=f"torch is not run in {precision} here",
            remedy=f"set `precision` to one of {', '.join(TORCH_DTYPES)}",
        )
    return device_availability(device)


def device_availability(device: str) -> Availability:
    """Whether this machine has the torch device, told by its driver's file: importing torch is slow."""
    if device == "cpu" or Path("/dev/nvidiactl").exists():
        return Availability(available=True)
    return Availability(
        available=False,
        reason=f"device {device}: this machine has no NVIDIA driver",
        remedy="run on a machine with a GPU, or set `launch.device: cpu`",
    )
