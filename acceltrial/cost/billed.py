"""What was billed beside what was predicted, a workload, option, month and line at a time.

Taxes, credits, bought and unused commitments stand in lines of their own: no prediction covers them, and a
credit must not make a prediction look right.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from acceltrial.cost.billed_rules import BillingFile, Owner, owner_of, rate_problem
from acceltrial.cost.focus import Charges, tags_of
from acceltrial.errors import DataContractError
from acceltrial.units import HOURS_PER_MONTH

LINES: Final = {
    "compute": "usd_per_month_compute",
    "networking": "usd_per_month_egress",
    "storage": "usd_per_month_storage",
}
"""Lines of a bill that a prediction covers, with the metric of it."""
_OF_SERVICE: Final = {
    "Compute": "compute",
    "AI and Machine Learning": "compute",
    "Networking": "networking",
    "Storage": "storage",
}
_ASIDE: Final = ("tax", "credit", "commitment")
"""Lines that are no use of anything, so that they count for no share."""


@dataclass(frozen=True, slots=True)
class Predicted:
    """USD a month with the ends of its 95 % interval; NaN where there is none."""

    usd: float
    low: float = math.nan
    high: float = math.nan


Predictions = Mapping[tuple[str, str], Mapping[str, Predicted]]
"""By workload and option: each metric of LINES that was predicted."""


@dataclass(frozen=True, slots=True)
class BilledRow:
    """One workload, option, month and line; without a workload it is what nothing matched.

    Attributes:
        period: year and month in which the charge periods begin.
        hours: of the month, that the export covers; predictions are scaled to them.
        billed_usd: as invoiced; effective_usd: commitments spread over their use.
        ratio: the compared cost ÷ the prediction; None without one.
        verdict: `within`, `above`, `below` the prediction's interval; `no_interval`; `no_prediction`.
    """

    workload: str | None
    option: str | None
    period: str
    line: str
    hours: float
    charges: int
    billed_usd: float
    effective_usd: float
    predicted_usd: float | None
    low: float | None
    high: float | None
    ratio: float | None
    verdict: str
    reason: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """The rows, largest matched ones first in their workload; what was not matched; what is strange.

    Attributes:
        unmatched_share: of the compared cost of all use; None where there is none.
        unmatched_compute_share: the same of compute alone.
    """

    rows: tuple[BilledRow, ...]
    unmatched_share: float | None
    unmatched_compute_share: float | None
    findings: tuple[str, ...]


@dataclass
class _Sum:
    billed: list[float] = field(default_factory=list)
    effective: list[float] = field(default_factory=list)
    corrections: list[float] = field(default_factory=list)
    charges: int = 0


def compare(
    charges: Charges, file: BillingFile, predictions: Predictions, recommended: Mapping[str, str]
) -> Comparison:
    """The bill beside the predictions.

    Args:
        charges: of all exports.
        file: whose charge is whose, and rates to USD.
        predictions: of one evaluation.
        recommended: the option by workload that is taken where neither rule nor tag names one.

    Raises:
        DataContractError: a currency has no rate.
    """
    problem = rate_problem(file, set(charges.frame["BillingCurrency"].unique().to_list()))
    if problem:
        raise DataContractError(
            f"{problem}, and predictions are in USD",
            where="billing.yaml",
            remedy="add it with source and date: currency: {EUR: {usd: …, source: …, as_of: …}}",
        )
    sums, taken, hours = _summed(charges, file, recommended, predictions)
    rows = [_row(key, held, hours[key[2]], file.cost, predictions) for key, held in sums.items()]
    rows.sort(
        key=lambda r: (r.workload is None, r.workload or "", r.period, r.option or "", r.line, r.reason)
    )
    return Comparison(
        tuple(rows),
        _unmatched(rows, file.cost, None),
        _unmatched(rows, file.cost, "compute"),
        tuple(_findings(charges, file, taken)),
    )


Key = tuple[str | None, str | None, str, str, str]
"""Workload, option, period, line, why it is nobody's."""


def _summed(
    charges: Charges, file: BillingFile, recommended: Mapping[str, str], predictions: Predictions
) -> tuple[dict[Key, _Sum], set[str], dict[str, float]]:
    """Sums in USD by key, the workloads that got a charge, and the hours covered by period."""
    whose: dict[tuple[Any, ...], Owner] = {}
    sums: dict[Key, _Sum] = defaultdict(_Sum)
    spans: dict[str, list[datetime]] = {}
    known = {workload for workload, _ in predictions}
    for charge in charges.frame.iter_rows(named=True):
        identity = tuple(charge[name] for name in ("ResourceId", "SkuId", "ServiceName", "Tags"))
        if identity not in whose:
            whose[identity] = _known(
                owner_of(charge, tags_of(charge["Tags"]), file), known, predictions, recommended
            )
        owner, start = whose[identity], charge["ChargePeriodStart"]
        period = f"{start:%Y-%m}"
        held = sums[owner.workload, owner.option, period, _line(charge), owner.reason]
        rate = 1.0 if charge["BillingCurrency"] == "USD" else file.currency[charge["BillingCurrency"]].usd
        held.billed.append(charge["BilledCost"] * rate)
        held.effective.append(charge["EffectiveCost"] * rate)
        held.charges += 1
        if charge["ChargeClass"] == "Correction":
            held.corrections.append(charge[_column(file.cost)] * rate)
        if charge["ChargeCategory"] == "Usage":
            end = min(charge["ChargePeriodEnd"], _next_month(start))
            first, last = spans.get(period, [start, end])
            spans[period] = [min(first, start), max(last, end)]
    hours = {period: (last - first).total_seconds() / 3600 for period, (first, last) in spans.items()}
    periods = {key[2] for key in sums}
    return sums, {key[0] for key in sums if key[0]}, {period: hours.get(period, 0.0) for period in periods}


def _known(owner: Owner, known: set[str], predictions: Predictions, recommended: Mapping[str, str]) -> Owner:
    """The owner by names that the evaluation knows: tags hold anything."""
    if owner.workload is None:
        return owner
    if owner.workload not in known:
        return Owner(None, None, f"it names {owner.workload[:60]!r}, which is no workload with a cost")
    option = owner.option or recommended.get(owner.workload)
    if option is None:
        why = "neither rule nor tag names the option, and none is recommended"
        return Owner(owner.workload, None, why)
    if (owner.workload, option) not in predictions:
        return Owner(owner.workload, None, f"the evaluation has no cost of the option {option[:60]!r}")
    return Owner(owner.workload, option)


def _line(charge: Mapping[str, Any]) -> str:
    category = charge["ChargeCategory"]
    if category in ("Tax", "Credit", "Adjustment"):
        return str(category.lower())
    if charge["CommitmentDiscountStatus"] == "Unused":
        return "unused_commitment"
    if category == "Purchase" and charge["CommitmentDiscountId"] is not None:
        return "commitment"
    return _OF_SERVICE.get(charge["ServiceCategory"] or "", "other")


def _row(key: Key, held: _Sum, hours: float, cost: str, predictions: Predictions) -> BilledRow:
    workload, option, period, line, reason = key
    billed, effective = math.fsum(held.billed), math.fsum(held.effective)
    amount = effective if cost == "effective" else billed
    corrected = math.fsum(held.corrections)
    notes = [reason, f"{corrected:+.2f} USD of it are corrections" if held.corrections else ""]
    found = predictions.get((workload or "", option or ""), {}).get(LINES.get(line, ""))
    if found is None or math.isnan(found.usd):
        if option is not None:
            known = line in LINES
            notes.append(
                "the evaluation predicts no such line" if known else "no prediction covers such charges"
            )
        return BilledRow(
            workload, option, period, line, hours, held.charges, billed, effective,
            None, None, None, None, "no_prediction", "; ".join(filter(None, notes)),
        )  # fmt: skip
    scale = hours / HOURS_PER_MONTH
    usd, low, high = found.usd * scale, found.low * scale, found.high * scale
    verdict = (
        "no_interval" if math.isnan(low) or math.isnan(high)
        else "below" if amount < low else "above" if amount > high else "within"
    )  # fmt: skip
    return BilledRow(
        workload, option, period, line, hours, held.charges, billed, effective,
        usd, None if math.isnan(low) else low, None if math.isnan(high) else high,
        amount / usd if usd > 0 else None, verdict, "; ".join(filter(None, notes)),
    )  # fmt: skip


def _unmatched(rows: Iterable[BilledRow], cost: str, line: str | None) -> float | None:
    """Share of the cost of use that belongs to no workload, refunds counted by their amount."""
    use = [row for row in rows if row.line not in _ASIDE and line in (None, row.line)]

    def amount(row: BilledRow) -> float:
        return abs(row.effective_usd if cost == "effective" else row.billed_usd)

    whole = math.fsum(amount(row) for row in use)
    return math.fsum(amount(row) for row in use if row.workload is None) / whole if whole > 0 else None


def _findings(charges: Charges, file: BillingFile, taken: set[str]) -> list[str]:
    found = []
    if charges.duplicates:
        cost = f"{charges.duplicates_cost:.2f}"
        found.append(f"{charges.duplicates} charges stood in the exports twice; {cost} left out")
    if charges.unnamed_twins:
        found.append(f"{charges.unnamed_twins} charges equal another but name no resource; all are counted")
    idle = sorted({rule.workload for rule in file.rules} - taken)
    found += [f"the rules for {workload} took no charge" for workload in idle]
    return found


def _column(cost: str) -> str:
    return "EffectiveCost" if cost == "effective" else "BilledCost"


def _next_month(start: datetime) -> datetime:
    first = start.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return first.replace(year=first.year + first.month // 12, month=first.month % 12 + 1)
