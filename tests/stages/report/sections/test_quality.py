"""The quality page."""

from __future__ import annotations

from collections.abc import Callable

from stages.report.blocks import DataTable, Material, Text
from stages.report.sections import quality
from stages.report.shown import Shown
from tests.stages.report.sample_tables import sample_rows


def test_success_and_divergence_stand_beside_each_other_with_their_reasons(
    material_of: Callable[..., Material],
) -> None:
    rows = sample_rows()
    like = next(r for r in rows["measurements"] if r["grade"] == "measured" and r["phase"] == "replay")
    none = dict.fromkeys(("value", "low", "high", "interval_level", "interval_method"))
    share = {"statistic": "rate", "unit": "share", "value": 0.9, "low": 0.8, "high": 0.95}
    rows["measurements"] += [
        {**like, **share, "metric": "success_rate", "source": "generated task"},
        {**like, "metric": "kl_to_reference_nats", "statistic": "mean", "value": 0.0028,
         "unit": "nats/token", "source": "a lower bound"},
        {**like, **share, **none, "metric": "top1_agreement", "reason": "no 32-bit copy <b>here</b>"},
    ]  # fmt: skip
    table = quality.build(material_of(rows)).blocks[0]
    assert isinstance(table, DataTable)
    line = next(row for row in table.rows if row[1] == like["option"] and row[0].text == like["workload"])  # type: ignore[union-attr]
    shown = dict(zip(table.columns, line, strict=True))
    assert isinstance(shown["KL to reference, at least"], Shown)
    assert "0.0028" in shown["KL to reference, at least"].text
    assert isinstance(shown["Same first choice"], Shown)
    assert not shown["Same first choice"].known
    assert "a lower bound" in table.note


def test_without_a_judged_answer_it_says_so(material_of: Callable[..., Material]) -> None:
    rows = sample_rows()
    rows["measurements"] = [r for r in rows["measurements"] if r["grade"] != "measured"]
    block = quality.build(material_of(rows)).blocks[0]
    assert isinstance(block, Text)
    assert block.kind == "empty"
