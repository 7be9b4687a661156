"""Shares of evidence by grade."""

from __future__ import annotations

from stages.report.sections.evidence_shares import Shares, decision_shares, mean_shares


def test_text_and_bar_leave_out_what_is_absent() -> None:
    shares = decision_shares(
        {"share_measured": 0.25, "share_published": 0.0, "share_predicted": 0.75, "share_declared": 0.0}
    )
    assert shares.text == "25 % measured, 75 % predicted"
    assert shares.segments == [("measured", 0.0, 25.0), ("predicted", 25.0, 75.0)]


def test_nothing_is_no_evidence() -> None:
    assert mean_shares([]).text == "no evidence"
    assert Shares({"measured": 0.0}).segments == []
