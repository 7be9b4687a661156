"""Rules that catch the known defects of public price lists, and prices that have gone stale."""

from __future__ import annotations

import calendar
import math
import re
from collections.abc import Mapping, Sequence
from datetime import date
from statistics import median

from acceltrial.catalog.columns import DATE
from acceltrial.catalog.findings import Finding

PLACEHOLDERS = (700.0, 7000.0, 9999.0, 99999.0)
"""Values that catalogues are known to write where they have no price (700.0 for TPUs)."""
CORE_COUNTED = ("v2", "v3", "v4", "v5p")
"""TPU generations whose slice names count TensorCores, two a chip; v5e and later count chips."""
STALE_AFTER_DAYS = 183
OUTLIER_FACTOR = 4.0
MAX_USD_PER_ACCELERATOR_HOUR = 500.0
_SLICE = re.compile(
    r"(?:(?:google|cloud)[\s_-]+)*tpu[\s_-]*(v[0-9]+[a-z]*)[\s_-]+([0-9]{1,6})", re.IGNORECASE
)


def tpu_slice(name: str) -> tuple[str, int] | None:
    """The chip's name and the chips of a TPU slice: ("tpu v3", 32) for `tpu-v3-64`; None for other names."""
    match = _SLICE.fullmatch(name.strip())
    if not match:
        return None
    version, size = match[1].lower(), int(match[2])
    chips = size // 2 if version in CORE_COUNTED else size
    return (f"tpu {version}", chips) if chips > 0 else None


def tpu_chips(slice_name: str) -> int | None:
    """Chips of a TPU slice: 6144 for `tpu-v5p-12288`, 8 for `tpu-v6e-8`; None for other names."""
    found = tpu_slice(slice_name)
    return found[1] if found else None


def refusal(usd_hour: float | None, accelerators: float) -> str:
    """Why an instance price cannot be used; "" when it can."""
    if usd_hour is None:
        return "the source gives no price"
    if not math.isfinite(usd_hour):
        return f"{usd_hour} is no finite number"
    if not 0 < accelerators < math.inf:
        return f"{accelerators:g} accelerators cannot be priced"
    if usd_hour <= 0:
        return f"{usd_hour:g} is no price: lists write zero where they have none"
    if usd_hour in PLACEHOLDERS:
        return f"{usd_hour:g} is this source's mark for an unknown price"
    if usd_hour / accelerators > MAX_USD_PER_ACCELERATOR_HOUR:
        return f"{usd_hour / accelerators:g} USD an accelerator hour is not believable"
    return ""


def memory_is_per_instance(stated_gb: float | None, catalogue_gb: float | None) -> bool:
    """True where a price list's memory a chip is more than twice the chip's own."""
    return stated_gb is not None and catalogue_gb is not None and stated_gb > 2 * catalogue_gb


def as_date(as_of: str) -> date:
    """The last day that `as_of` (YYYY, YYYY-MM or YYYY-MM-DD) may mean."""
    parts = [int(part) for part in as_of.split("-")]
    year, month = parts[0], parts[1] if len(parts) > 1 else 12
    day = parts[2] if len(parts) > 2 else calendar.monthrange(year, month)[1]
    return date(year, month, day)


def is_day(as_of: str) -> bool:
    """Whether `as_of` is a real date of the form YYYY, YYYY-MM or YYYY-MM-DD."""
    if not re.match(DATE, as_of):
        return False
    try:
        as_date(as_of)
    except (ValueError, calendar.IllegalMonthError):
        return False
    return True


def stale(prices: Sequence[Mapping[str, object]], today: date, days: int) -> list[Finding]:
    """A finding for each offer whose date lies more than `days` before `today`, or after it."""
    findings = []
    for price in prices:
        when = as_date(str(price["as_of"]))
        age = (today - when).days
        if age > days:
            findings.append(
                Finding(
                    "price",
                    str(price["price"]),
                    "stale_price",
                    "warning",
                    f"as of {price['as_of']}, {age} days old (limit {days})",
                    "import a newer price list, or confirm the offer",
                )
            )
        elif starts_after(str(price["as_of"]), today):
            findings.append(
                Finding(
                    "price",
                    str(price["price"]),
                    "future_price",
                    "error",
                    f"as of {price['as_of']}, after {today.isoformat()}",
                    "correct the date",
                )
            )
    return findings


def outliers(prices: Sequence[Mapping[str, object]]) -> list[Finding]:
    """A finding for each offer that is more than four times above or below the median of its kind."""
    groups: dict[tuple[object, object], list[float]] = {}
    for price in prices:
        key = (price["accelerator"], price["model"])
        groups.setdefault(key, []).append(float(str(price["usd_per_accelerator_hour"])))
    findings = []
    for price in prices:
        group = groups[price["accelerator"], price["model"]]
        middle = median(group)
        value = float(str(price["usd_per_accelerator_hour"]))
        if len(group) >= 3 and not middle / OUTLIER_FACTOR <= value <= middle * OUTLIER_FACTOR:
            findings.append(
                Finding(
                    "price",
                    str(price["price"]),
                    "price_outlier",
                    "warning",
                    f"{value:g} USD/h against a median of {middle:g} over {len(group)} offers",
                    "check the source: a shared or partial device is often sold under the same name",
                )
            )
    return findings


def starts_after(as_of: str, today: date) -> bool:
    """Whether the first day that `as_of` may mean lies after `today`."""
    parts = [int(part) for part in as_of.split("-")]
    return date(*[*parts, 1, 1][:3]) > today
