"""The five answers follow the tables, and say so when the tables hold too little."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from stages.report.advice import Advice, advise
from stages.report.blocks import Material
from stages.report.tables import Tables
from tests.stages.report.sample_tables import sample_rows

Rows = dict[str, list[dict[str, Any]]]
Build = Callable[[Rows], Material]
QUESTIONS = ["Start", "Which", "Is a hybrid", "Is neuromorphic", "Training"]


def answers(material: Material) -> dict[str, Advice]:
    found = advise(material.tables)
    return {
        start: advice
        for start, advice in zip(QUESTIONS, found, strict=True)
        if advice.question.startswith(start)
    }


def monthly(rows: Rows, workload: str, option: str, value: float, low: float, high: float) -> None:
    """Sets the option's monthly cost."""
    for row in rows["costs"]:
        if (row["workload"], row["option"], row["metric"]) == (workload, option, "usd_per_month"):
            row.update(value=value, low=low, high=high)
            return
    like = next(row for row in rows["costs"] if row["workload"] == workload)
    rows["costs"].append(
        {**like, "option": option, "metric": "usd_per_month", "value": value, "low": low, "high": high}
    )


def test_all_five_are_answered_with_rows_behind_each_figure(sample_tables: Tables) -> None:
    found = advise(sample_tables)
    assert [advice.question.startswith(start) for advice, start in zip(found, QUESTIONS, strict=True)] == [
        True
    ] * 5
    for advice in found:
        assert advice.answer
        for figure in advice.figures:
            assert figure.rows
            assert all(row["_row"] >= 0 for _, row in figure.rows)
            assert all(table in sample_tables.frames for table, _ in figure.rows)


def test_without_rows_nothing_is_claimed(material_of: Build) -> None:
    assert [advice.sure for advice in advise(material_of({}).tables)] == [False] * 5


@pytest.mark.parametrize(
    ("chosen", "begins"),
    [
        ((100.0, 90.0, 110.0), "Yes"),
        ((100.0, 90.0, 600.0), "Perhaps"),
        ((900.0, 800.0, 999.0), "Not for money"),
    ],
)
def test_hybrid_follows_money_and_intervals(
    material_of: Build, chosen: tuple[float, float, float], begins: str
) -> None:
    rows = sample_rows(only=("support-chat",))
    candidates = {row["option"]: row["accelerator_class"] for row in rows["candidates"]}
    gpu = next(option for option, kind in candidates.items() if kind == "gpu")
    other = next(option for option, kind in candidates.items() if kind not in ("gpu", "cpu"))
    rows["decisions"][0].update(status="recommended", option=other)
    rows["ranking"] = [
        {**rows["ranking"][0], "option": option, "rank": rank, "vetoed": False}
        for rank, option in enumerate((other, gpu), start=1)
    ]
    rows["costs"] = [row for row in rows["costs"] if row["metric"] != "usd_per_month"] or rows["costs"]
    monthly(rows, "support-chat", other, *chosen)
    monthly(rows, "support-chat", gpu, 500.0, 450.0, 550.0)
    found = answers(material_of(rows))
    assert found["Is a hybrid"].answer.startswith(begins)
    assert found["Start"].answer.startswith("With specialised chips")


def test_unmeasured_portfolios_are_told_to_measure(material_of: Build) -> None:
    rows = sample_rows()
    rows["measurements"] = [row for row in rows["measurements"] if row["grade"] != "measured"]
    rows["prediction_ledger"] = []
    found = answers(material_of(rows))["Which"]
    assert found.answer.startswith("None yet")
    assert not found.sure


def test_neuromorphic_needs_the_gate(material_of: Build) -> None:
    rows = sample_rows()
    for row in rows["neuromorphic_gate"]:
        row.update(verdict="no", met=False)
    assert answers(material_of(rows))["Is neuromorphic"].answer.startswith("Not for this portfolio")
