"""Retrieval rows, with an embedding server of letter counts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from acceltrial.targets import RunningServer, Startup
from schemas.base import check_table, table_of
from schemas.evidence import Measurements
from stages.benchmark import vector_search
from stages.benchmark.params import QUICK, BenchmarkParams
from stages.benchmark.rows import Row, RowMaker
from stages.benchmark.vector_search import METRICS, retrieval_rows
from tests.stages.benchmark.json_server import answering, letter_counts

MAKER = RowMaker("w", "o", "stack", "m", "fp32", "w@o.stack", "r", datetime(2026, 11, 22, tzinfo=UTC), "e")
PARAMS = BenchmarkParams(**{**QUICK, "quality_items": 60})


@pytest.fixture
def server() -> Iterator[RunningServer]:
    with answering(lambda _path, body: (200, letter_counts(body["input"])), "embeddings") as running:
        yield running


def by_key(rows: list[Row]) -> dict[tuple[str, str], Row]:
    check_table(Measurements, table_of(Measurements, rows), "rows")
    return {(row["metric"], row["statistic"]): row for row in rows}


def test_both_steps_are_timed_at_the_corpus_size(server: RunningServer) -> None:
    pytest.importorskip("faiss")
    found = by_key(retrieval_rows(MAKER, server, PARAMS))
    embed, search = found["retrieval_embed_ms", "mean"], found["retrieval_search_ms", "mean"]
    assert found["retrieval_total_ms", "mean"]["value"] == pytest.approx(embed["value"] + search["value"])
    assert 0 < found["retrieval_search_share", "mean"]["value"] < 1
    assert found["retrieval_recall_share", "mean"]["value"] > 0.5
    assert found["retrieval_corpus_vectors", "max"]["value"] == 200
    assert "200 vectors of 26 dimensions: 60 embedded pages" in search["source"]


def test_what_cannot_be_measured_has_its_reason(
    server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("faiss")
    gone = RunningServer("http://127.0.0.1:9/v1", "m", "embeddings", None, Startup())
    none = BenchmarkParams(**{**QUICK, "retrieval_vectors": 0})
    for rows, reason in (
        (retrieval_rows(MAKER, gone, PARAMS), "refused"),
        (retrieval_rows(MAKER, server, none), "retrieval_vectors is 0"),
    ):
        found = by_key(rows)
        assert set(found) == {(m, s) for m, statistics in METRICS.items() for s in statistics}
        assert all(row["value"] is None and reason in row["reason"] for row in rows)
    monkeypatch.setattr(vector_search, "available", lambda: "faiss is not installed")
    assert all(row["value"] is None for row in retrieval_rows(MAKER, server, PARAMS))
