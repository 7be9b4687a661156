"""Where the relevant text came to stand, from vectors of an embedder or scores of a reranker."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson

FIRST = 5
"""A search succeeds when the wanted page is among so many."""
_DEPTH = 10


class UnusableAnswerError(Exception):
    """The server's answer cannot be used; the text says why."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """The rank (from 1) of the only relevant text. Ties count against it: the worst place of the tie."""

    rank: int

    @property
    def succeeded(self) -> bool:
        """Whether it is among the first five."""
        return self.rank <= FIRST

    @property
    def ndcg_at_10(self) -> float:
        """1 ÷ log2(1 + rank) down to rank 10, 0 below: with one relevant text the ideal gain is 1.

        Järvelin & Kekäläinen, Cumulated gain-based evaluation of IR techniques, TOIS 20 (2002).
        """
        return 1 / math.log2(1 + self.rank) if self.rank <= _DEPTH else 0.0


def rank_of(scores: npt.NDArray[np.float64], relevant: int) -> Ranking:
    """The rank of `relevant` among `scores`, higher being better."""
    return Ranking(int((scores >= scores[relevant]).sum()))


def vectors_of(body: str | bytes, count: int) -> npt.NDArray[np.float64]:
    """Unit vectors, one a text, from the JSON of an embeddings answer. Raises UnusableAnswerError."""
    data = _list(body, "data")
    try:
        rows = [one["embedding"] for one in sorted(data, key=lambda one: int(one.get("index", 0)))]
        matrix = np.asarray(rows, dtype=np.float64)
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise UnusableAnswerError("the server's vectors are no numbers of one length") from error
    if matrix.ndim != 2 or matrix.shape[0] != count or not matrix.shape[1] or not np.isfinite(matrix).all():
        raise UnusableAnswerError("the server's vectors are not finite, or not one a text")
    norms = np.linalg.norm(matrix, axis=1, keepdims=True)
    return matrix / np.where(norms > 0, norms, 1.0)


def rerank_scores(body: str | bytes, count: int) -> npt.NDArray[np.float64]:
    """One score a document from a rerank answer; documents left out (`top_n`) score lowest.

    Raises:
        UnusableAnswerError: no scores, or some that belong to no document.
    """
    scores = np.full(count, -np.inf)
    try:
        for one in _list(body, "results"):
            score = one["relevance_score"] if "relevance_score" in one else one["score"]
            index = int(one["index"])
            if not 0 <= index < count or not math.isfinite(float(score)):
                raise UnusableAnswerError("a score is not finite or belongs to no document")
            scores[index] = float(score)
    except (TypeError, ValueError, KeyError) as error:
        raise UnusableAnswerError("the server's scores are no numbers with an index") from error
    if not np.isfinite(scores).any():
        raise UnusableAnswerError("the server gave no score")
    return scores


def _list(body: str | bytes, name: str) -> list[Any]:
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise UnusableAnswerError("the server's answer is not JSON") from error
    found = content.get(name) if isinstance(content, dict) else content
    if not isinstance(found, list) or not found:
        raise UnusableAnswerError(f"the server's answer has no `{name}`")
    return found
