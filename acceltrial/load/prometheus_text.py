"""Prometheus' text format, as far as a reader of sums and gauges needs it."""

from __future__ import annotations

import contextlib
import math
import re

_SAMPLE = re.compile(
    r'^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(?:[^"}]|"(?:[^"\\]|\\.)*")*\})?[ \t]+([^\s]+)(?:[ \t]+-?\d+)?[ \t]*$'
)


def sums_by_name(text: str) -> dict[str, float]:
    """The value of each name; series of one name (one a label set) are added up.

    Lines that are no samples and values that are not finite are left out.
    """
    sums: dict[str, float] = {}
    for line in text.splitlines():
        match = None if line.startswith("#") else _SAMPLE.match(line)
        if match is None:
            continue
        with contextlib.suppress(ValueError):
            value = float(match.group(2))
            if math.isfinite(value):
                sums[match.group(1)] = sums.get(match.group(1), 0.0) + value
    return sums
