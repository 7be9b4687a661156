"""What a device can do at most, measured: matrix products and memory reads. `python -m … SETTINGS_JSON`."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


def gemm_flops_per_s(torch: Any, dtype: Any, device: str, budget_s: float = 1.0) -> list[float]:
    """Rates of square matrix products (2·size³ operations each), at least three, for about `budget_s`.

    The size doubles from 256 as long as eight products would fit into the budget: a device without
    instructions for the number format is thousands of times slower than one with them.
    """
    size = 256
    while size < 8192:
        seconds = min(_products(torch, dtype, device, size, 0.0))
        if seconds * 8 * 8 > budget_s:
            break
        size *= 2
    return [2 * size**3 / seconds for seconds in _products(torch, dtype, device, size, budget_s)]


def _products(torch: Any, dtype: Any, device: str, size: int, budget_s: float) -> list[float]:
    a = torch.randn(size, size, device=device).to(dtype)
    b = torch.randn(size, size, device=device).to(dtype)
    return _repeat(torch, lambda: a @ b, device, budget_s)


def read_bytes_per_s(torch: Any, device: str, budget_s: float = 1.0, megabytes: int = 256) -> list[float]:
    """Rates at which a matrix-vector product reads a matrix far larger than the caches, as decoding does."""
    columns = 4096
    rows = megabytes * 1_000_000 // (4 * columns)
    matrix = torch.ones(rows, columns, device=device)
    vector = torch.ones(columns, device=device)
    volume = rows * columns * 4
    return [volume / seconds for seconds in _repeat(torch, lambda: matrix @ vector, device, budget_s)]


def _repeat(torch: Any, work: Callable[[], Any], device: str, budget_s: float) -> list[float]:
    synchronise = torch.cuda.synchronize if device.startswith("cuda") else lambda: None
    work()
    synchronise()
    times: list[float] = []
    begin = time.perf_counter()
    while len(times) < 3 or time.perf_counter() - begin < budget_s:
        start = time.perf_counter()
        work()
        synchronise()
        times.append(time.perf_counter() - start)
    return times


def main(settings: dict[str, Any]) -> None:
    """Writes the rates of each number format and of memory reads to `settings["out"]`."""
    import torch

    device, budget_s = settings["device"], float(settings["budget_s"])
    found = {
        "gemm_flops_per_s": {
            name: gemm_flops_per_s(torch, getattr(torch, dtype), device, budget_s)
            for name, dtype in (("fp32", "float32"), ("bf16", "bfloat16"))
        },
        "read_bytes_per_s": read_bytes_per_s(torch, device, budget_s),
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
    }
    Path(settings["out"]).write_text(json.dumps(found))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
