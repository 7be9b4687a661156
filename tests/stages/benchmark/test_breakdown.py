"""The parts of a request add up, and nothing is invented or negative."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acceltrial.load.records import COLUMNS
from acceltrial.load.server_metrics import ServerMetrics
from schemas.base import check_table, table_of
from schemas.evidence import Measurements
from stages.benchmark.apart import Apart, Series
from stages.benchmark.breakdown import PARTS, breakdown_rows, overlaps
from stages.benchmark.rows import Row, RowMaker

MAKER = RowMaker("w", "o", "stack", "m", "bf16", "w@o.stack", "r", datetime(2026, 11, 22, tzinfo=UTC), "e")
APART = Apart(round_trip=Series([0.2, 0.2, 0.3], "TCP handshake"), server_tokenise=Series([1.0], "/tokenize"))


def records(count: int = 8, **changes: Any) -> pl.DataFrame:
    """Requests of 1 s: 20 ms until sent, prefill 300 ms, decode 500 ms by the server."""
    rows = []
    for n in range(count):
        row: dict[str, Any] = dict.fromkeys(COLUMNS)
        row |= {
            "index": n, "intended_s": float(n), "sent_s": n + 0.02, "first_token_s": n + 0.4,
            "last_s": n + 1.0, "input_tokens": 10 + n, "output_tokens": 5, "server_prefill_ms": 300.0,
            "server_decode_ms": 500.0, "connect_ms": 4.0 if n == 0 else None,
        } | changes  # fmt: skip
        rows.append(row)
    return pl.DataFrame(rows, schema=COLUMNS)


def means(rows: list[Row], statistic: str = "mean") -> dict[str, float | None]:
    check_table(Measurements, table_of(Measurements, rows), "test")
    return {r["metric"][10:-3]: r["value"] for r in rows if r["statistic"] == statistic}


def added(found: dict[str, float | None]) -> float:
    return sum(found[part] or 0.0 for part in (*PARTS, "unexplained"))


def test_parts_and_the_rest_are_the_whole() -> None:
    found = means(breakdown_rows(MAKER, records(), ServerMetrics(), APART))
    assert found["prefill"] == 300.0
    assert found["decode"] == 500.0
    assert found["connect"] == pytest.approx(0.5)  # one of eight requests opened a connection
    assert found["queue"] is None
    assert found["unexplained"] == pytest.approx(1000 - 800 - 20 - 0.2 - 1.0)
    assert added(found) == pytest.approx(found["total"])


def test_classes_are_told_apart_by_their_prompts() -> None:
    table = records().with_columns(
        pl.when(pl.col("index") < 4).then(100.0).otherwise(500.0).alias("server_prefill_ms")
    )
    rows = breakdown_rows(MAKER, table, ServerMetrics(), APART)
    assert means(rows, "mean_short")["prefill"] == 100.0
    assert means(rows, "mean_long")["prefill"] == 500.0
    assert not means(breakdown_rows(MAKER, records(4), ServerMetrics(), APART), "mean_long")


def test_a_silent_server_leaves_the_time_unexplained() -> None:
    silent = records(server_prefill_ms=None, server_decode_ms=None)
    rows = breakdown_rows(MAKER, silent, ServerMetrics(), Apart(round_trip=Series(reason="refused")))
    found = means(rows)
    assert found["prefill"] is found["queue"] is found["network"] is None
    assert found["decode"] == pytest.approx(600)  # by the client's own stamps
    assert found["unexplained"] == pytest.approx(380)
    rest = next(row for row in rows if row["metric"] == "breakdown_unexplained_ms")
    assert "queue, prefill" in rest["source"]


def histograms(waiting: float | None = None, **seconds: float) -> ServerMetrics:
    first: dict[str, float] = {"at_s": 0.0}
    last: dict[str, float] = {"at_s": 8.0}
    for name, value in seconds.items():
        first |= {f"{name}_sum_s": 0.0, f"{name}_count": 0.0}
        last |= {f"{name}_sum_s": value, f"{name}_count": 8.0}
    if waiting is not None:
        first["waiting"] = last["waiting"] = waiting
    return ServerMetrics([first, last])


def test_histograms_speak_for_all_requests_only() -> None:
    silent = records(server_prefill_ms=None, server_decode_ms=None)
    rows = breakdown_rows(MAKER, silent, histograms(queue=0.4, prefill=2.4, decode=4.0), APART)
    found = means(rows)
    assert (found["queue"], found["prefill"], found["decode"]) == pytest.approx((50, 300, 500))
    assert means(rows, "mean_short")["queue"] is None


def test_littles_law_gives_the_queue_unless_it_is_too_coarse() -> None:
    # 0.1 requests waiting on average over 8 s and 8 requests: 100 ms each.
    assert means(breakdown_rows(MAKER, records(), histograms(0.1), APART))["queue"] == pytest.approx(100)
    assert means(breakdown_rows(MAKER, records(), histograms(0.0), APART))["queue"] == 0
    coarse = breakdown_rows(MAKER, records(), histograms(0.9), APART)
    assert means(coarse)["queue"] is None
    assert "too coarse" in next(r["reason"] for r in coarse if r["metric"] == "breakdown_queue_ms")
    assert added(means(coarse)) == pytest.approx(1000)


def test_parts_that_exceed_the_whole_are_a_finding_and_no_negative_rest() -> None:
    rows = breakdown_rows(MAKER, records(server_prefill_ms=900.0), ServerMetrics(), APART)
    assert means(rows)["unexplained"] is None
    assert overlaps(rows)
    rounded = breakdown_rows(MAKER, records(server_prefill_ms=490.0), ServerMetrics(), APART)
    assert means(rounded)["unexplained"] == 0
    assert not overlaps(rounded)


def test_no_answer_no_breakdown() -> None:
    rows = breakdown_rows(MAKER, records(error_class="timeout"), ServerMetrics(), APART)
    assert set(means(rows).values()) == {None}


@settings(max_examples=60, deadline=None)
@given(
    prefill=st.floats(0, 2000), decode=st.floats(0, 2000), waiting=st.floats(0, 5), trip=st.floats(0, 50),
    late=st.floats(0, 0.5),
)  # fmt: skip
def test_no_part_is_ever_negative(
    prefill: float, decode: float, waiting: float, trip: float, late: float
) -> None:
    table = records(server_prefill_ms=prefill, server_decode_ms=decode).with_columns(
        (pl.col("intended_s") + late).alias("sent_s")
    )
    apart = Apart(round_trip=Series([trip], "t"))
    found = means(breakdown_rows(MAKER, table, histograms(waiting), apart))
    assert all(value is None or value >= 0 for value in found.values())
    if found["unexplained"]:
        assert added(found) == pytest.approx(found["total"])
