"""The bill beside the predictions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from schemas.base import table_of
from schemas.decision import Billed
from stages.report.blocks import DataTable, Material, Tag, Text
from stages.report.sections import billed
from stages.report.tables import Tables


def test_without_a_bill_there_is_nothing(material: Material) -> None:
    assert billed.blocks(replace(material, tables=_with(material, []))) == []


def test_unmatched_charges_are_shown_with_their_reason_and_share(material: Material) -> None:
    base = {"period": "2026-10", "hours": 744.0, "charges": 3, "reason": "no rule takes it"}
    mine = {**base, "workload": "support-chat", "option": "h100-sxm-x1", "line": "compute", "billed_usd": 8e1,
            "effective_usd": 75.0, "predicted_usd": 60.0, "low": 50.0, "high": 70.0, "ratio": 1.25,
            "verdict": "above"}  # fmt: skip
    lost = {**base, "line": "compute", "billed_usd": 25.0, "effective_usd": 25.0,
            "verdict": "no_prediction"}  # fmt: skip
    credit = {**lost, "line": "credit", "effective_usd": -900.0}
    _, text, table = billed.blocks(replace(material, tables=_with(material, [mine, lost, credit])))
    assert isinstance(text, Text)
    assert "25 % of the cost of use belongs to no workload" in text.text
    assert isinstance(table, DataTable)
    assert [row[8] for row in table.rows][:2] == [
        Tag("above", "bad", "no rule takes it"), Tag("no prediction", "calm", "no rule takes it"),
    ]  # fmt: skip
    assert table.rows[1][0] == Tag("unmatched", "warn", "no rule takes it")


def _with(material: Material, rows: list[dict[str, Any]]) -> Tables:
    frame = table_of(Billed, rows).with_row_index("_row")
    return replace(material.tables, frames={**material.tables.frames, "billed": frame}, _parts={})
