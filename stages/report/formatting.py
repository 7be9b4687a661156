"""Numbers as people read them: three significant digits, a unit, an em dash for what is unknown."""

from __future__ import annotations

import hashlib
import math
import re
from datetime import datetime

DASH = "—"

_SCALES = [(1e12, " T"), (1e9, " G"), (1e6, " M")]
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")

UNIT_NAMES = {
    "ms": "ms",
    "s": "s",
    "tokens/s": "tok/s",
    "tokens_per_s": "tok/s",
    "requests/s": "req/s",
    "requests_per_s": "req/s",
    "MB": "MB",
    "mb": "MB",
    "W": "W",
    "w": "W",
    "J": "J",
    "j": "J",
    "j_per_request": "J/request",
    "share": "share",
    "ratio": "share",
    "rate": "share",
    "0-1": "share",
    "usd": "USD",
    "USD": "USD",
    "count": "",
    "": "",
}
_THOUSANDFOLD = {"ms": "s", "MB": "GB", "GB/s": "TB/s"}
"""Units in which figures from ten thousand on are shown."""


def number(value: float | None, digits: int = 3) -> str:
    """`value` to `digits` significant digits, or an em dash when it is None or not finite.

    Thousands are grouped up to a million, larger values get M, G or T, and values under a
    thousandth a power of ten.
    """
    if value is None or not math.isfinite(value):
        return DASH
    if value == 0:
        return "0"
    sign, size = ("−" if value < 0 else ""), abs(value)
    if size < 1e-3:
        mantissa, exponent = f"{size:.{digits - 1}e}".split("e")
        return f"{sign}{_trim(mantissa)} × 10{str(int(exponent)).translate(_SUPERSCRIPT)}"
    rounded = float(f"{size:.{digits}g}")
    if rounded >= 1e15:
        mantissa, exponent = f"{rounded:.{digits - 1}e}".split("e")
        return f"{sign}{_trim(mantissa)} × 10{str(int(exponent)).translate(_SUPERSCRIPT)}"
    for scale, suffix in _SCALES:
        if rounded >= scale:
            return f"{sign}{_decimal(rounded / scale, digits)}{suffix}"
    return f"{sign}{_decimal(rounded, digits)}"


def quantity(value: float | None, unit: str) -> str:
    """`value` with its unit, shares as per cent, many milliseconds as seconds, money with its sign."""
    if value is None or not math.isfinite(value):
        return DASH
    name = unit_name(unit)
    if name == "share":
        return percent(value)
    if name == "USD":
        return money(value)
    if name in _THOUSANDFOLD and abs(value) >= 10_000:
        return f"{number(value / 1000)} {_THOUSANDFOLD[name]}"
    text = number(value)
    gap = "" if text[-1] in "MGT" and name else " "
    return f"{text}{gap}{name}".strip()


def unit_name(unit: str) -> str:
    """The unit as shown; an unknown unit is shown as it is written."""
    return UNIT_NAMES.get(unit, unit.replace("_per_", "/").replace("_", " "))


def money(value: float | None) -> str:
    """US dollars to three significant digits; below ten dollars with cents, small sums in decimals."""
    if value is None or not math.isfinite(value):
        return DASH
    sign, size = ("−" if value < 0 else ""), abs(value)
    if 0 < size < 1e-3 and size >= 1e-7:
        return f"{sign}${_decimal(size, 3)}"
    if 1 <= size < 9.995 and size != int(size):
        return f"{sign}${size:.2f}"
    return f"{sign}${number(size)}"


def percent(share: float | None, digits: int = 2) -> str:
    """A share of 1 as per cent; tiny shares stay visible instead of turning to zero."""
    if share is None or not math.isfinite(share):
        return DASH
    sign, value = ("−" if share < 0 else ""), abs(share) * 100
    if value == 0:
        return "0 %"
    if value < 0.1:
        return f"{sign}{number(value, digits)} %"
    whole = value >= 99.95 or 10 <= value <= 99
    return f"{sign}{value:.0f} %" if whole else f"{sign}{value:.1f} %"


def span(low: float | None, high: float | None, unit: str) -> str:
    """An interval as `low – high` with one unit; an empty text when there is none, or both ends are one."""
    if low is None or high is None or low == high:
        return ""
    first, last = quantity(low, unit), quantity(high, unit)
    name = unit_name(unit)
    suffix = f" {'%' if name == 'share' else name}"
    if first.endswith(suffix) and last.endswith(suffix):
        first = first.removesuffix(suffix)
    return f"{first} – {last}"


def count(value: int | float | None) -> str:
    """A whole number with grouped thousands, exact."""
    return DASH if value is None else f"{int(value):,}"


def day(instant: datetime | None) -> str:
    """The date in ISO form."""
    return DASH if instant is None else instant.strftime("%Y-%m-%d")


def minute(instant: datetime | None) -> str:
    """Date and time to the minute, in UTC."""
    return DASH if instant is None else instant.strftime("%Y-%m-%d %H:%M UTC")


def duration(seconds: float | None) -> str:
    """Seconds in the largest unit that keeps the figure above one."""
    if seconds is None or not math.isfinite(seconds):
        return DASH
    for size, name in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if abs(seconds) >= 2 * size:
            return f"{number(seconds / size)} {name}"
    return f"{number(seconds)} s" if abs(seconds) >= 1 or seconds == 0 else f"{number(seconds * 1000)} ms"


def words(identifier: str) -> str:
    """An identifier as words: underscores become spaces."""
    return identifier.replace("_", " ").strip()


def sentence(text: str) -> str:
    """`text` with a capital first letter, and no change elsewhere."""
    return text[:1].upper() + text[1:]


def plural(n: int, one: str, many: str = "") -> str:
    """`3 workloads`, `1 workload`."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def fragment(text: str) -> str:
    """`text` as part of an id: itself when it is safe, else its safe letters and a digest of it."""
    safe = re.sub(r"[^A-Za-z0-9._-]", "-", text)[:60]
    return safe if safe == text else f"{safe}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def _decimal(value: float, digits: int) -> str:
    """`value` ≥ 0.001 in plain notation with `digits` significant digits and grouped thousands."""
    places = max(0, digits - 1 - math.floor(math.log10(value)))
    return _trim(f"{value:,.{places}f}") if places else f"{value:,.0f}"


def _trim(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text
