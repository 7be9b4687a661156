"""Retrieval as a user meets it: the query's embedding by the server, then the search among all vectors."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from acceltrial.retrieval.index import VectorIndex, available, build_index, grown_corpus
from acceltrial.stats.quantiles import describe, mean_interval
from acceltrial.targets import RunningServer
from stages.benchmark.params import BenchmarkParams
from stages.benchmark.retrieval import UnusableAnswerError, pages_and_queries, vectors_of
from stages.benchmark.rows import Row, RowMaker

NEAREST = 10
QUERIES, FEWEST, SECONDS = 40, 5, 8.0
"""At most, at least, and the time after which no further query begins."""
LATENCIES = ("retrieval_embed_ms", "retrieval_search_ms", "retrieval_total_ms")
METRICS = {
    **dict.fromkeys(LATENCIES, ("p50", "p95", "p99", "mean")),
    "retrieval_search_share": ("mean",),
    "retrieval_recall_share": ("mean",),
    "retrieval_index_build_s": ("max",),
    "retrieval_corpus_vectors": ("max",),
}


def retrieval_rows(maker: RowMaker, server: RunningServer, params: BenchmarkParams) -> list[Row]:
    """Latency of both steps at the corpus size of the parameters, and what the index finds of the truth."""
    if reason := available():
        return maker.unknown(METRICS, reason)
    if not params.retrieval_vectors:
        return maker.unknown(METRICS, "retrieval_vectors is 0: no search was measured")
    pages, queries = pages_and_queries(max(params.quality_items, 1), params.seed)
    try:
        real = vectors_of(server, pages, params.request_timeout_s).astype(np.float32)
        index = build_index(grown_corpus(real, params.retrieval_vectors, params.seed))
        embed, search, recall = _ask(server, index, queries[:QUERIES], params.request_timeout_s)
    except UnusableAnswerError as error:
        return maker.unknown(METRICS, str(error))
    size = max(params.retrieval_vectors, 1)
    source = (
        f"{size} vectors of {real.shape[1]} dimensions: {min(len(real), size)} embedded pages, the rest "
        f"seeded variations of them; {index.engine}; one query at a time"
    )
    return _rows(maker.with_(source=f"{maker.source}; {source}"), index, embed, search, recall, size)


def _ask(
    server: RunningServer, index: VectorIndex, queries: Sequence[str], timeout_s: float
) -> tuple[list[float], list[float], list[float]]:
    embed: list[float] = []
    search: list[float] = []
    recall: list[float] = []
    begun = time.monotonic()
    for query in queries:
        if len(embed) >= FEWEST and time.monotonic() - begun > SECONDS:
            break
        start = time.perf_counter()
        vector = vectors_of(server, [query], timeout_s)[0].astype(np.float32)
        embed.append((time.perf_counter() - start) * 1e3)
        found, took_ms = index.search(vector, NEAREST)
        search.append(took_ms)
        recall.append(len(set(found) & set(index.exact(vector, NEAREST))) / NEAREST)
    return embed, search, recall


def _rows(
    maker: RowMaker,
    index: VectorIndex,
    embed: Sequence[float],
    search: Sequence[float],
    recall: Sequence[float],
    size: int,
) -> list[Row]:
    total = [one + other for one, other in zip(embed, search, strict=True)]
    shares = [part / whole for part, whole in zip(search, total, strict=True)]
    rows = []
    for metric, values in zip(LATENCIES, (embed, search, total), strict=True):
        rows += maker.described(metric, describe(values), "")
    once = "a single build: no interval"
    return [
        *rows,
        maker.estimate(
            "retrieval_search_share", "mean", mean_interval(shares), source="of embedding and search"
        ),
        maker.estimate(
            "retrieval_recall_share",
            "mean",
            mean_interval(recall),
            source=f"of the {NEAREST} nearest that an exact search finds",
        ),
        maker.row("retrieval_index_build_s", "max", index.build_s, n=1, reason=once),
        maker.row("retrieval_corpus_vectors", "max", float(size), reason="a setting: no interval"),
    ]
