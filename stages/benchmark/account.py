"""The server's account of a replay beside the client's: rows of every comparison, findings of differences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from acceltrial.load import LoadResult
from acceltrial.load.server_check import Check, cross_check
from stages.benchmark.rows import Row, RowMaker

Finding = dict[str, Any]
SIDES = ("server", "client", "agrees")


def account_rows(maker: RowMaker, result: LoadResult) -> tuple[list[Row], list[Finding]]:
    """Three rows a comparison (server, client, whether they agree), and a finding for each disagreement."""
    checks = cross_check(result.server, result.records)
    if not checks:
        why = result.server.reason or "the server states nothing that can be compared"
        reason = f"no metrics of the server: {why}"
        return maker.unknown({"server_check_output_tokens": SIDES}, reason), []
    rows = [row for check in checks for row in _rows(maker, check, result)]
    return rows, [_finding(maker, check) for check in checks if check.agrees is False]


def overlap_findings(maker: RowMaker, rows: Sequence[Row]) -> list[Finding]:
    """Findings of breakdowns whose parts exceed the total."""
    return [
        finding(
            maker,
            "server_clock_disagrees",
            row["reason"],
            "compare the server's clock and the meaning of its timings with the client's",
        )
        for row in rows
    ]


def finding(maker: RowMaker, name: str, detail: str, remedy: str) -> Finding:
    """A warning about one cell."""
    return {
        "stage": "benchmark",
        "subject_kind": "cell",
        "subject": maker.cell,
        "finding": name,
        "severity": "warning",
        "detail": detail,
        "remedy": remedy,
    }


def _rows(maker: RowMaker, check: Check, result: LoadResult) -> list[Row]:
    metric, source = f"server_check_{check.name}", f"{check.title}; {check.detail}"
    n = result.summary["requests"]["completed"]
    agrees = None if check.agrees is None else float(check.agrees)
    values = {"server": check.server, "client": check.client, "agrees": agrees}
    return [
        maker.row(
            metric,
            side,
            values[side],
            n=n,
            reason=check.detail if values[side] is None else "both sides of one run: no interval",
            source=source,
        )
        for side in SIDES
    ]


def _finding(maker: RowMaker, check: Check) -> Finding:
    detail = f"{check.title}: server {check.server:.6g}, client {check.client:.6g}; {check.detail}"
    return finding(
        maker,
        "server_and_client_disagree",
        detail,
        "find out which side counts otherwise before the figure is used",
    )
