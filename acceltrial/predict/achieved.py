"""Shares of the dense peak that a large matrix product reached on a device, as measured by third parties.

Source: stas00/ml-engineering (CC BY-SA 4.0), compute/accelerator/benchmarks at 744d01e1, best shape of a
search with torch; confidence third_party_repo, 2026-11. Peaks alone mislead: 51 to 97 %.
"""

from __future__ import annotations

import math

TYPICAL = 0.72
"""Where nobody measured: the median over the devices below."""
MEASURED: dict[str, dict[int, float]] = {
    # Bits of the format: share of its peak.
    "gaudi2": {16: 0.969, 8: 0.955},
    "gaudi3": {16: 0.741, 8: 0.769},
    "a100-80-sxm": {16: 0.869},
    "a100-40-sxm": {16: 0.869},
    "a100-80-pcie": {16: 0.811},
    "gh200": {16: 0.838, 8: 0.776},
    "h100-sxm": {16: 0.803, 8: 0.709},
    "h200-sxm": {16: 0.803, 8: 0.734},
    "b200-sxm": {16: 0.776, 8: 0.763},
    "b300-sxm": {16: 0.786, 8: 0.745},
    "gb200": {16: 0.729, 8: 0.723},
    "mi300x": {16: 0.514},
    "mi325x": {16: 0.604},
    "mi355x": {16: 0.680},
}


def achieved_share(accelerator: str, bits: float) -> float:
    """Share of the peak (0 to 1) in a format of `bits`: measured, else of the nearest format, or typical."""
    known = MEASURED.get(accelerator)
    if not known:
        return TYPICAL
    return known[min(known, key=lambda width: abs(math.log2(width / max(bits, 1.0))))]
