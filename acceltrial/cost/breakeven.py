"""Where one option stops being cheaper than another: solved by bisection, not scanned."""

from __future__ import annotations

import math
from collections.abc import Callable


def break_even(
    cost_a: Callable[[float], float], cost_b: Callable[[float], float], *, low: float, high: float
) -> float | None:
    """The x in [low, high] at which both cost the same; None when one is cheaper at both ends.

    Where costs jump (replicas come whole) it is the jump at which the order turns, to 1e-9 of x.
    Several crossings: the one that bisection from the two ends meets.

    Raises:
        ValueError: unless 0 < low < high, or when a cost is unknown at an end.
    """
    if not 0 < low < high:
        raise ValueError(f"need 0 < low < high, not {low} and {high}")

    def gap(x: float) -> float:
        return cost_a(x) - cost_b(x)

    start, end = gap(low), gap(high)
    if math.isnan(start) or math.isnan(end):
        raise ValueError("a cost is unknown at an end of the range")
    if start == 0:
        return low
    if end == 0:
        return high
    if (start > 0) == (end > 0):
        return None
    while high / low - 1 > 1e-9:
        middle = math.sqrt(low * high)
        if (gap(middle) > 0) == (start > 0):
            low = middle
        else:
            high = middle
    return math.sqrt(low * high)


def linear_break_even(fixed_a: float, variable_a: float, fixed_b: float, variable_b: float) -> float | None:
    """The volume at which two cost lines cross, (F_b - F_a) / (v_a - v_b); None when it is not positive."""
    if variable_a == variable_b:
        return None
    volume = (fixed_b - fixed_a) / (variable_a - variable_b)
    return volume if volume > 0 else None
