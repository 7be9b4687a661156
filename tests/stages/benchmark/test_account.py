"""Rows and findings of the server's account, and the instrument's rows."""

from __future__ import annotations

from datetime import UTC, datetime

from acceltrial.load import LoadResult
from acceltrial.load.server_metrics import ServerMetrics
from acceltrial.stats.quantiles import describe
from schemas.base import check_table, table_of
from schemas.evidence import Measurements
from schemas.inputs import Findings
from stages.benchmark.account import account_rows, overlap_findings
from stages.benchmark.instrument import instrument_rows
from stages.benchmark.rows import RowMaker
from tests.acceltrial.load.test_server_check import HONEST, metrics, records

MAKER = RowMaker("w", "o", "stack", "m", "bf16", "w@o.stack", "r", datetime(2026, 11, 22, tzinfo=UTC), "e")


def result(server: ServerMetrics) -> LoadResult:
    return LoadResult(records(), {"requests": {"completed": 4}}, {}, server=server)


def test_a_disagreement_is_a_finding_and_agreement_is_none() -> None:
    rows, findings = account_rows(MAKER, result(metrics(**HONEST)))
    assert findings == []
    check_table(Measurements, table_of(Measurements, rows), "rows")
    assert {row["value"] for row in rows if row["statistic"] == "agrees"} == {1.0}
    rows, findings = account_rows(MAKER, result(metrics(**(HONEST | {"output_tokens": 90.0}))))
    table = check_table(Findings, table_of(Findings, findings), "findings")
    assert table["subject"].to_list() == ["w@o.stack"]
    assert "server 90, client 40" in table["detail"][0]


def test_a_server_without_metrics_has_its_reason() -> None:
    rows, findings = account_rows(MAKER, result(ServerMetrics(reason="status 404")))
    assert findings == []
    assert all(row["value"] is None and "status 404" in row["reason"] for row in rows)


def test_overlapping_parts_are_findings() -> None:
    row = MAKER.row("breakdown_unexplained_ms", "mean", None, reason="the clocks disagree")
    assert [one["detail"] for one in overlap_findings(MAKER, [row])] == ["the clocks disagree"]


def test_the_instruments_rows_come_from_its_calibration() -> None:
    error = describe([0.1] * 500)
    found = LoadResult(
        records(), {}, {"ttft_error_ms": error, "itl_error_ms": None, "notes": [], "cpu_share": 0.1}
    )
    by = {(row["metric"], row["statistic"]): row for row in instrument_rows(MAKER, found)}
    check_table(Measurements, table_of(Measurements, list(by.values())), "rows")
    assert by["instrument_ttft_error_ms", "p99"]["high"] == 0.1
    assert by["instrument_itl_error_ms", "p50"]["reason"] == "the calibration saw no such times"
    bare = LoadResult(records(), {}, {"notes": ["not calibrated"]})
    assert {row["reason"] for row in instrument_rows(MAKER, bare)} == {
        "not calibrated", "the client's CPU time is not known",
    }  # fmt: skip
