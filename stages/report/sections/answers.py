"""What the review came for, a line each: where, for how much, how surely, until when."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from stages.report.blocks import Link, Material, Piece, workload_link
from stages.report.changes import Changes
from stages.report.formatting import money, number, percent, plural, span
from stages.report.lookup import FLIP_TITLES, costs_by_option, device_p_best, devices_of, nearest_flip
from stages.report.roadmap import total_savings
from stages.report.shown import Shown

FRAGILE_P_BEST = 0.6
"""Below this probability of being best a recommendation is called fragile."""
NEAREST = 3
"""As many of the nearest flip points are named."""

Rows = Sequence[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Answer:
    """A question of the review, its answer, and where the page says more."""

    question: str
    answer: Sequence[Piece]
    more: Link


def answers(material: Material, recommended: Rows) -> list[Answer]:
    """The answers over the recommended rows of Decisions; none where nothing is recommended."""
    if not recommended:
        return []
    found = [
        Answer("What to run where", _where(material, recommended), Link("each placement", "#placement")),
        Answer("What it costs and saves", _money(material, recommended), Link("costs", "#costs")),
        Answer("How sure it is", _sureness(material, recommended), Link("ranking stability", "#stability")),
        Answer("What would change it", _changes(material, recommended), Link("break-even", "#break-even")),
    ]
    if material.changes:
        since = f"What changed since {material.changes.quarter}"
        found.append(Answer(since, _changed(material.changes), Link("roadmap", "#roadmap")))
    return found


def _where(material: Material, recommended: Rows) -> list[Piece]:
    tables = material.tables
    used = Counter(
        devices_of(tables, row["workload"]).get(row["option"], row["option"]) for row in recommended
    )
    named = ", ".join(
        f"{device} for {n}" for device, n in sorted(used.items(), key=lambda item: (-item[1], item[0]))
    )
    chosen = {row["workload"] for row in recommended}
    without = [name for name in tables.workloads if name not in chosen]
    rest = f". Nothing can be recommended for {', '.join(without)}" if without else ""
    return [f"{named} of {plural(len(tables.workloads), 'workload')}{rest}."]


def _money(material: Material, recommended: Rows) -> list[Piece]:
    tables = material.tables
    totals = [r for r in tables["plan"].to_dicts() if r["plan"] == "recommended" and r["pool"] == "total"]
    pieces: list[Piece] = []
    for row in totals:
        interval = span(row["low"], row["high"], "usd")
        href = material.register.cite("plan", row)
        pieces += [Shown(money(row["usd_per_month"]), interval, "declared", href=href), "a month."]
    pieces.append(_saved(material, recommended))
    months = {
        row["workload"]: cost["value"]
        for row in recommended
        if (cost := costs_by_option(tables, row["workload"]).get(row["option"], {}).get("usd_per_month"))
        and cost["value"]
    }
    if len(months) > 1:
        dearest = max(months, key=lambda name: months[name])
        share = months[dearest] / sum(months.values())
        pieces += [workload_link(material, dearest), f"is {percent(share)} of the bill."]
    return pieces


def _saved(material: Material, recommended: Rows) -> str:
    saved = total_savings(material.tables)
    if saved.usd_per_month is None:
        return f"What it saves against GPUs only is unknown: {saved.reason}."
    classes = {
        found["accelerator_class"]
        for row in recommended
        for found in material.tables.rows("candidates", row["workload"])
        if found["option"] == row["option"]
    }
    if classes == {"gpu"}:
        return "Nothing is saved against GPUs only, since every recommendation is a GPU."
    less = "less" if saved.usd_per_month >= 0 else "more"
    return f"{money(abs(saved.usd_per_month))} a month {less} than GPUs only, {saved.reason}."


def _sureness(material: Material, recommended: Rows) -> list[Piece]:
    tables = material.tables
    enough = percent(FRAGILE_P_BEST)
    by_form = sum((row["p_best"] or 0.0) >= FRAGILE_P_BEST for row in recommended)
    by_device = sum(
        (device_p_best(tables, row["workload"], row["option"]) or 0.0) >= FRAGILE_P_BEST
        for row in recommended
    )
    pieces: list[Piece] = [
        f"The device is best in at least {enough} of the draws for {by_device} of"
        f" {plural(len(recommended), 'workload')}; its exact number and number format for {by_form}."
    ]
    ledger = tables["prediction_ledger"]
    if not ledger.is_empty():
        held = int(ledger["covered"].sum())
        pieces.append(f"The intervals of predictions held {held} of {ledger.height} later measurements.")
    return pieces


def _changes(material: Material, recommended: Rows) -> list[Piece]:
    found = [flip for row in recommended if (flip := nearest_flip(material.tables, row["workload"]))]
    if not found:
        return ["No point at which a choice passes to another device is known."]
    found.sort(key=lambda flip: (flip["distance"], flip["workload"]))
    pieces: list[Piece] = []
    for flip in found[:NEAREST]:
        pieces += [workload_link(material, flip["workload"]), f"{flip_words(flip)}."]
    others = len(found) - NEAREST
    return [*pieces, f"{plural(others, 'other choice')} flip farther away."] if others > 0 else pieces


def _changed(changes: Changes) -> list[Piece]:
    told: list[Piece] = [f"{change}." for change in changes.rows[:NEAREST]]
    more = len(changes.rows) - NEAREST
    if more > 0:
        told.append(f"{plural(more, 'more change')}.")
    return told or ["Nothing notable."]


def flip_words(flip: dict[str, Any]) -> str:
    """`goes to h200 when the winner's price is 1.04 times today's`."""
    times = f"{number(flip['factor'])} times today's"
    return f"goes to {flip['rival'] or 'another option'} when {FLIP_TITLES[flip['kind']]} is {times}"
