"""What a span says of itself, however the exporter writes it: plain attributes, and the start."""

from __future__ import annotations

import math
from typing import Any

_NANOSECONDS = ("startTimeUnixNano", "start_time_unix_nano")
_OTHER_TIMES = ("start_time", "startTime")
# Times since 1970 tell their unit by their size.
_SCALES = ((10**17, 1), (10**14, 10**3), (10**11, 10**6), (10**8, 10**9))


def flat_attributes(found: Any) -> dict[str, Any]:
    """Plain values by dotted name, from a JSON object (nested or not) or OTLP's list of typed pairs."""
    if isinstance(found, list):
        pairs = [pair for pair in found if isinstance(pair, dict)]
        found = {str(pair.get("key")): _plain(pair.get("value")) for pair in pairs}
    if not isinstance(found, dict):
        return {}
    flat: dict[str, Any] = {}
    for name, value in found.items():
        if isinstance(value, dict):
            flat |= {f"{name}.{inner}": content for inner, content in flat_attributes(value).items()}
        else:
            flat[name] = value
    return flat


def start_of(span: dict[str, Any]) -> int | str | None:
    """When the span began: nanoseconds since 1970, or the text that is no number (ISO 8601, one hopes)."""
    for name in _NANOSECONDS:
        if span.get(name) is not None:
            number = _whole(span[name])
            return str(span[name]) if number is None else number
    for name in _OTHER_TIMES:
        if span.get(name) is not None:
            return _since_1970(span[name])
    return None


def _since_1970(value: Any) -> int | str:
    """Nanoseconds of a number whose size tells its unit, or of JavaScript's `[seconds, nanoseconds]`."""
    if isinstance(value, list) and len(value) == 2 and all(isinstance(part, int) for part in value):
        return int(value[0] * 10**9 + value[1])
    number = _whole(value)
    scale = next((scale for smallest, scale in _SCALES if number is not None and number >= smallest), None)
    if number is None or scale is None:
        return str(value)
    return int(value * scale) if isinstance(value, float) else number * scale


def _whole(value: Any) -> int | None:
    """The whole part of a number, also of one written as text, as OTLP writes 64-bit integers."""
    if isinstance(value, str) and value.strip().isdecimal():
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return int(value)


def _plain(value: Any) -> Any:
    """The value in OTLP's typed wrapper (`{"intValue": "12"}`); a list of pairs becomes an object."""
    if not isinstance(value, dict):
        return value
    kind, content = next(iter(value.items()), ("", None))
    if kind in ("kvlistValue", "kvlist_value"):
        return flat_attributes(content.get("values") if isinstance(content, dict) else None)
    return content
