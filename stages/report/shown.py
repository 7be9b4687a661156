"""A figure as the reader meets it: value, interval, grade, n, and the way to its row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from acceltrial.evidence import Grade, weakest_grade
from stages.report.formatting import DASH, count, day, percent, quantity, span

GRADE_LETTERS = {"measured": "M", "published": "P", "predicted": "E", "declared": "D"}
"""E stands for estimated: predicted and published begin alike, and a letter must tell them apart."""
GRADE_MEANINGS = {
    "measured": "measured: we or the workload's own system ran it and recorded it",
    "published": "published: a third party states it, with source and date",
    "predicted": "predicted (estimated): computed by a model from facts, not run",
    "declared": "declared: somebody answers for it; no record backs it",
}

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Shown:
    """One figure, formatted.

    Attributes:
        text: value with unit, or an em dash.
        interval: `low – high`, empty when there is none (then `why` says why).
        grade: one of the four grades, or empty for a figure without evidence.
        n: sample count as text, empty when it has none.
        why: metric, method, reason and date, for the tooltip; the source stands with the row.
        href: fragment of the row in the appendix.
        adjustments: what was done to the input; shown beside the figure.
        valid: False when the instrument broke its bound.
    """

    text: str
    interval: str = ""
    grade: str = ""
    n: str = ""
    why: str = ""
    href: str = ""
    adjustments: str = ""
    valid: bool = True

    @property
    def known(self) -> bool:
        """Whether there is a value."""
        return self.text != DASH

    @property
    def letter(self) -> str:
        """The badge's letter."""
        return GRADE_LETTERS.get(self.grade, "")


def unknown(reason: str) -> Shown:
    """An em dash with its reason."""
    return Shown(text=DASH, why=reason)


@dataclass
class RowRegister:
    """The rows that the report cites. Each gets one anchor and one line in the appendix.

    Frames carry their position in the Parquet file as `_row`, so that anyone can find the row again.
    """

    rows: dict[str, tuple[str, Row]] = field(default_factory=dict)

    def cite(self, table: str, row: Row) -> str:
        """The fragment (`#row-…`) of this row, which will stand in the appendix."""
        anchor = f"row-{table}-{row['_row']}"
        self.rows.setdefault(anchor, (table, row))
        return f"#{anchor}"


def show_measurement(row: Row, register: RowRegister) -> Shown:
    """A row of Measurements."""
    return Shown(
        text=quantity(row["value"], row["unit"]),
        interval=span(row["low"], row["high"], row["unit"]),
        grade=row["grade"],
        n="" if row["n"] is None else count(row["n"]),
        why=_why(row, f"{row['metric']} {row['statistic']}, {row['phase']}"),
        href=register.cite("measurements", row),
        adjustments=row["adjustments"],
        valid=row["valid"],
    )


def cost_unit(metric: str) -> str:
    """The unit in which a metric of Costs is shown; a count has none."""
    if metric.startswith("usd"):
        return "usd"
    if metric.endswith(("_share", "_rate")) or metric == "utilisation":
        return "share"
    return "h" if "_hours" in metric else ""


def show_cost(row: Row, register: RowRegister) -> Shown:
    """A row of Costs. Metrics that begin with `usd` are money."""
    unit = cost_unit(row["metric"])
    return Shown(
        text=quantity(row["value"], unit),
        interval=span(row["low"], row["high"], unit),
        grade=row["grade"],
        why=_why(row, row["metric"]),
        href=register.cite("costs", row),
    )


def show_share(value: float | None, table: str, row: Row, register: RowRegister, *, grade: str = "") -> Shown:
    """A share of 1 from any table, as per cent."""
    if value is None:
        return unknown("not computed")
    return Shown(text=percent(value), grade=grade, href=register.cite(table, row))


def decision_grade(row: Row) -> str:
    """The grade of a score: no stronger than the weakest grade that takes part in it."""
    taking_part = [grade for grade in Grade if row[f"share_{grade}"] > 0]
    return str(weakest_grade(taking_part)) if taking_part else ""


def _why(row: Row, what: str) -> str:
    parts = [what, row.get("reason") or "", day(row["date"])]
    if row.get("interval_level"):
        parts.insert(1, f"{percent(row['interval_level'])} interval by {row['interval_method']}")
    return "; ".join(part for part in parts if part)
