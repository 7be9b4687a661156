from __future__ import annotations

from acceltrial.cost.billed import BilledRow, Comparison
from stages.score.findings import billing_findings, finding, ordered


def row(verdict: str, ratio: float | None, workload: str | None = "chat") -> BilledRow:
    return BilledRow(
        workload, "gpu", "2026-10", "compute", 744.0, 1, 9.0, 9.0, 5.0, 4.0, 6.0, ratio, verdict, ""
    )


def test_only_what_contradicts_a_prediction_is_found() -> None:
    rows = (row("within", 1.0), row("above", 1.8), row("no_prediction", None, None))
    found = billing_findings(Comparison(rows, 0.05, 0.05, ("2 charges stood in the exports twice",)))
    assert [(one["finding"], one["severity"]) for one in found] == [
        ("odd charges", "info"), ("billed above prediction", "warning"),
    ]  # fmt: skip
    assert "1.80 times" in found[1]["detail"]


def test_a_large_unmatched_share_is_a_warning_and_no_bill_is_none() -> None:
    assert billing_findings(None) == []
    found = billing_findings(Comparison((), 0.5, 0.5, ()))
    assert [one["finding"] for one in found] == ["unmatched charges"]


def test_the_worst_come_first() -> None:
    rows = [finding("a", "b", "c", severity, "", "") for severity in ("info", "error", "warning")]  # type: ignore[arg-type]
    assert [one["severity"] for one in ordered(rows)] == ["error", "warning", "info"]
