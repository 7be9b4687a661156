"""What was seen between two looks, an arm a row."""

from __future__ import annotations

from typing import Any

import numpy as np

from acceltrial.canary.records import ARMS, Flags, Floats, Records


def observation_rows(
    canary: str, records: Records, looks: list[tuple[float, float]], offset_s: float
) -> list[dict[str, Any]]:
    """Rows of CanaryObservations from `looks` (source time, share), times counted from `offset_s`.

    What was not seen is empty, never zero.
    """
    rows = []
    before = offset_s
    for until, share in looks:
        inside = (records.t_s >= before) & (records.t_s < until)
        for arm in ARMS:
            mine = inside & (records.canary == (arm == "canary"))
            rows.append({"canary": canary, "t_s": round(until - offset_s, 3), "arm": arm, "share": share})
            rows[-1].update(_figures(records, mine))
        before = until
    return rows


def _figures(records: Records, mine: Flags) -> dict[str, Any]:
    served = mine & records.ok
    latency, ttft = records.column("latency_ms")[served], records.column("ttft_ms")[served]
    quality, memory = records.column("quality")[mine], records.column("memory_bytes")[mine]
    used = _quantile(memory, 1.0)
    return {
        "requests": int(mine.sum()),
        "failures": int((mine & ~records.ok).sum()),
        "latency_p50_ms": _quantile(latency, 0.5),
        "latency_p95_ms": _quantile(latency, 0.95),
        "ttft_p50_ms": _quantile(ttft, 0.5),
        "quality_mean": float(np.nanmean(quality)) if (~np.isnan(quality)).any() else None,
        "memory_mb": None if used is None else used / 1e6,
    }


def _quantile(values: Floats, level: float) -> float | None:
    known = values[~np.isnan(values)]
    return float(np.quantile(known, level)) if len(known) else None
