"""Figures with grade, interval and the way to their row."""

from __future__ import annotations

from stages.report.blocks import Material
from stages.report.shown import RowRegister, decision_grade, show_measurement, unknown


def test_a_measurement_carries_all_that_weighs_it(material: Material) -> None:
    row = next(r for r in material.tables["measurements"].iter_rows(named=True) if r["adjustments"])
    register = RowRegister()
    shown = show_measurement(row, register)
    assert shown.letter == "M"
    assert shown.n == "60"
    assert shown.interval.endswith("ms")
    assert "thinned" in shown.adjustments
    assert "order statistics" in shown.why
    assert shown.href == f"#row-measurements-{row['_row']}"
    assert register.rows[shown.href[1:]] == ("measurements", row)


def test_a_row_is_listed_once_however_often_it_is_cited() -> None:
    register = RowRegister()
    assert register.cite("costs", {"_row": 3}) == register.cite("costs", {"_row": 3})
    assert len(register.rows) == 1


def test_the_unknown_is_a_dash_with_its_reason() -> None:
    shown = unknown("the probe failed")
    assert (shown.text, shown.known, shown.why) == ("—", False, "the probe failed")


def test_a_score_is_graded_by_its_weakest_part() -> None:
    shares = {"share_measured": 0.9, "share_published": 0.0, "share_predicted": 0.1, "share_declared": 0.0}
    assert decision_grade(shares) == "predicted"
    assert decision_grade(dict.fromkeys(shares, 0.0)) == ""
