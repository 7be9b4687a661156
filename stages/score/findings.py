"""What score noticed and could not settle itself, as rows of its findings table."""

from __future__ import annotations

from typing import Any, Literal

from acceltrial.cost.billed import Comparison

Severity = Literal["info", "warning", "error"]
Row = dict[str, Any]
UNMATCHED = 0.1
"""More of a bill's compute without an owner than this makes the comparison doubtful."""


def finding(subject_kind: str, subject: str, name: str, severity: Severity, detail: str, remedy: str) -> Row:
    """One row."""
    return {
        "stage": "score", "subject_kind": subject_kind, "subject": subject, "finding": name,
        "severity": severity, "detail": detail, "remedy": remedy,
    }  # fmt: skip


def ordered(rows: list[Row]) -> list[Row]:
    """All rows, worst first, then by subject."""
    rank = {"error": 0, "warning": 1, "info": 2}
    return sorted(
        rows, key=lambda r: (rank[r["severity"]], r["subject_kind"], r["subject"], r["finding"], r["detail"])
    )


def billing_findings(comparison: Comparison | None) -> list[Row]:
    """What the bill's comparison leaves open, and where it contradicts a prediction."""
    if comparison is None:
        return []
    rows = [
        finding("bill", "billing", "odd charges", "info", text, "check the export")
        for text in comparison.findings
    ]
    share = comparison.unmatched_compute_share
    if share is not None and share > UNMATCHED:
        detail = f"{share:.0%} of the billed compute belongs to no workload"
        rows.append(
            finding("bill", "billing", "unmatched charges", "warning", detail, "add rules to billing.yaml")
        )
    for row in comparison.rows:
        if (
            row.verdict in ("above", "below")
            and row.line == "compute"
            and row.workload
            and row.ratio is not None
        ):
            detail = f"{row.option} in {row.period}: {row.ratio:.2f} times the predicted cost of compute"
            remedy = "compare volume, replicas and price with what was assumed; evaluate again"
            rows.append(
                finding(
                    "workload", row.workload, f"billed {row.verdict} prediction", "warning", detail, remedy
                )
            )
    return rows
