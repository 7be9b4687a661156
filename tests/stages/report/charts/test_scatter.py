"""Predicted against measured."""

from __future__ import annotations

from stages.report.charts.scatter import Pair, agreement_chart


def test_missed_pairs_are_hollow() -> None:
    covered = agreement_chart("s", "T", "D", [Pair(2, 1, 3, 2, True)], unit="ms", columns=(), rows=())
    missed = agreement_chart("s", "T", "D", [Pair(2, 0, 3, 9, False)], unit="ms", columns=(), rows=())
    assert 'stroke="var(--alert)"' in missed.svg
    assert 'stroke="var(--alert)"' not in covered.svg


def test_no_pairs_no_drawing() -> None:
    assert not agreement_chart("s", "T", "", [], unit="ms", columns=(), rows=()).svg
