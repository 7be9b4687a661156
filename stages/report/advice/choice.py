"""Workloads with a recommendation, beside what the rest would cost and score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from acceltrial.evidence import Grade, weakest_grade
from stages.report.advice.answer import Figure, Row
from stages.report.formatting import money
from stages.report.lookup import costs_by_option, workload_phase
from stages.report.tables import Tables

SPECIAL = ("training_accelerator", "inference_asic", "tpu", "npu", "neuromorphic")


@dataclass
class Choice:
    """A workload with a recommendation, and what its rivals of other classes are worth."""

    workload: str
    option: str
    accelerator_class: str
    decision: Row
    phase: str
    month: Row | None
    gpu: str | None
    gpu_month: Row | None
    best_special: Row | None = None


def choice_of(tables: Tables, workload: str) -> Choice | None:
    """The workload's recommendation; None where nothing is recommended."""
    decision = tables.row("decisions", workload)
    if decision is None or decision["option"] is None:
        return None
    option = decision["option"]
    classes = {row["option"]: row["accelerator_class"] for row in tables.rows("candidates", workload)}
    ranked = sorted(
        (r for r in tables.rows("ranking", workload) if r["rank"]), key=lambda r: (r["rank"], r["option"])
    )
    gpu = next((r["option"] for r in ranked if classes.get(r["option"]) == "gpu"), None)
    costs = costs_by_option(tables, workload)
    return Choice(
        workload=workload,
        option=option,
        accelerator_class=classes.get(option, "unknown"),
        decision=decision,
        phase=workload_phase(tables, workload),
        month=costs.get(option, {}).get("usd_per_month"),
        gpu=gpu,
        gpu_month=costs.get(gpu, {}).get("usd_per_month") if gpu else None,
        best_special=next((r for r in ranked if classes.get(r["option"]) in SPECIAL), None),
    )


def sum_of(label: str, value: float, rows: Sequence[Row]) -> Figure:
    """A sum of money with the weakest grade of its rows."""
    grade = str(weakest_grade([Grade(row["grade"]) for row in rows])) if rows else ""
    return Figure(label, money(value), grade, tuple(("costs", row) for row in rows))


def known(row: Row | None) -> bool:
    """Whether the cost row is there and has a value."""
    return row is not None and row["value"] is not None


def low(row: Row | None) -> float:
    """The lower end of the row's interval, or its value."""
    assert row is not None
    return float(row["value"] if row["low"] is None else row["low"])


def high(row: Row | None) -> float:
    """The upper end of the row's interval, or its value."""
    assert row is not None
    return float(row["value"] if row["high"] is None else row["high"])
