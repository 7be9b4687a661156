"""Latency figures from records."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from acceltrial.load.latencies import gaps_between_events_ms, inter_token_ms, latencies, most_in_flight
from acceltrial.load.records import COLUMNS


def frame(*rows: dict[str, Any]) -> pl.DataFrame:
    base = {"intended_s": 0.0, "sent_s": 0.1, "bytes_received": 1, "chunks": 0}
    numbered = [base | {"index": i} | row for i, row in enumerate(rows)]
    return pl.DataFrame(numbered, schema=COLUMNS)


GOOD = {
    "first_token_s": 0.3,
    "last_s": 0.75,
    "ended_s": 0.75,
    "token_times_s": [0.3, 0.5, 0.7],
    "chunks": 3,
    "output_tokens": 3,
}


def test_figures() -> None:
    row = latencies(frame(GOOD)).row(0, named=True)
    assert row["ttft_ms"] == pytest.approx(200)
    assert row["ttft_from_intended_ms"] == pytest.approx(300)
    assert row["e2e_ms"] == pytest.approx(650)
    assert row["tpot_ms"] == pytest.approx(200)
    assert row["itl_max_ms"] == pytest.approx(200)


def test_failed_requests_are_in_no_figure() -> None:
    records = frame(GOOD, GOOD | {"error_class": "reset", "token_times_s": [0.0, 9.0], "chunks": 2})
    assert latencies(records).height == 1
    assert inter_token_ms(records).tolist() == pytest.approx([200, 200])
    assert gaps_between_events_ms(records).max() == pytest.approx(200)


def test_tokens_are_not_events() -> None:
    records = frame(GOOD | {"output_tokens": 6}, GOOD | {"output_tokens": None}, GOOD | {"output_tokens": 2})
    assert inter_token_ms(records).tolist() == pytest.approx([100, 100, 200, 200])
    tpot = latencies(records)["tpot_ms"].to_list()
    assert tpot[0] == pytest.approx(80)
    assert tpot[1] is None
    own = frame(GOOD | {"output_tokens": None, "output_tokens_own": 3})
    assert inter_token_ms(own).tolist() == pytest.approx([200, 200])


def test_nothing_at_all() -> None:
    empty = frame({"error_class": "connect_refused", "sent_s": None})
    assert latencies(empty).height == 0
    assert len(inter_token_ms(empty)) == 0
    assert most_in_flight(empty) == 0


def test_in_flight() -> None:
    rows = [{"sent_s": s, "ended_s": e} for s, e in [(0.0, 1.0), (0.5, 1.5), (1.0, 2.0), (0.6, 0.7)]]
    assert most_in_flight(frame(*rows)) == 3
