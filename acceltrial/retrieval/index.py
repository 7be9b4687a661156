"""A vector index by faiss, and an exact search to judge it by."""

from __future__ import annotations

import time
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np
import numpy.typing as npt

from acceltrial.errors import AcceltrialError

Vectors = npt.NDArray[np.float32]
NEIGHBOURS = 16
BUILD_BREADTH = 64
SEARCH_BREADTH = 48
INSTALL = "pip install 'acceltrial[retrieval]'"


@dataclass(frozen=True)
class VectorIndex:
    """A graph index (HNSW, inner product) of unit vectors.

    Attributes:
        build_s: time that adding all vectors took, on one thread.
        engine: library and settings.
    """

    build_s: float
    engine: str
    _graph: Any
    _vectors: Vectors

    def search(self, query: Vectors, count: int) -> tuple[npt.NDArray[np.int64], float]:
        """The ids of the `count` nearest of one query, best first, and the milliseconds it took."""
        start = time.perf_counter()
        _scores, ids = self._graph.search(query.reshape(1, -1), count)
        return ids[0], (time.perf_counter() - start) * 1e3

    def exact(self, query: Vectors, count: int) -> npt.NDArray[np.int64]:
        """The same by comparing with every vector."""
        scores = self._vectors @ query
        nearest = np.argpartition(-scores, min(count, len(scores) - 1))[:count]
        return nearest[np.argsort(-scores[nearest], kind="stable")]


def available() -> str:
    """Why no index can be built here; empty when one can."""
    return "" if find_spec("faiss") else f"faiss is not installed ({INSTALL})"


def build_index(vectors: Vectors) -> VectorIndex:
    """An index of `vectors` (n × dimensions, unit length).

    Raises:
        AcceltrialError: faiss is not installed, or the vectors are not a finite matrix.
    """
    if reason := available():
        raise AcceltrialError(reason, where="vector search", remedy=INSTALL)
    if vectors.ndim != 2 or not len(vectors) or not np.isfinite(vectors).all():
        raise AcceltrialError(
            "the vectors are no matrix of finite numbers", where="vector search", remedy="check the embedder"
        )
    import faiss

    # One thread: a search is one request, and an index's build time must not depend on who else computes.
    faiss.omp_set_num_threads(1)
    held = np.ascontiguousarray(vectors, dtype=np.float32)
    graph = faiss.IndexHNSWFlat(held.shape[1], NEIGHBOURS, faiss.METRIC_INNER_PRODUCT)
    graph.hnsw.efConstruction = BUILD_BREADTH
    graph.hnsw.efSearch = SEARCH_BREADTH
    start = time.perf_counter()
    graph.add(held)
    engine = f"faiss {faiss.__version__} HNSW (M {NEIGHBOURS}, efSearch {SEARCH_BREADTH}), one thread"
    return VectorIndex(time.perf_counter() - start, engine, graph, held)


def grown_corpus(real: Vectors, count: int, seed: int) -> Vectors:
    """`count` unit vectors: the real ones first, then variations of them, so that clusters look as they do.

    A variation is a real vector plus noise of the real vectors' own spread around their mean, seeded.
    """
    rng = np.random.default_rng(seed)
    missing = max(count - len(real), 0)
    chosen = real[rng.integers(0, len(real), missing)]
    noise = rng.normal(size=chosen.shape) * real.std(axis=0)
    found = np.concatenate([real[:count], chosen + noise]).astype(np.float32)
    norms = np.linalg.norm(found, axis=1, keepdims=True)
    return (found / np.where(norms > 0, norms, 1.0)).astype(np.float32)
