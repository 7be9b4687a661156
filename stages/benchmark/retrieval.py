"""The pages of the search task, and their vectors from an embedding server."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from acceltrial.quality.manual import manual
from acceltrial.quality.ranking import UnusableAnswerError
from acceltrial.quality.ranking import vectors_of as read_vectors
from acceltrial.targets import RunningServer
from acceltrial.targets.http import post_json

__all__ = ["UnusableAnswerError", "pages_and_queries", "vectors_of"]

BATCH = 16


def pages_and_queries(count: int, seed: int) -> tuple[list[str], list[str]]:
    """At most `count` pages of a manual and, in the same order, a question in other words for each."""
    book = manual(seed, count)
    return book.pages, book.questions


def vectors_of(server: RunningServer, texts: list[str], timeout_s: float) -> npt.NDArray[np.float64]:
    """The unit vectors of `texts`, in order. Raises UnusableAnswerError."""
    parts = []
    for at in range(0, len(texts), BATCH):
        batch = texts[at : at + BATCH]
        answer = post_json(
            f"{server.base_url}/embeddings",
            {"model": server.model_name, "input": batch},
            connect_s=2.0,
            total_s=timeout_s,
            headers=server.headers,
        )
        if answer.status != 200:
            raise UnusableAnswerError(
                answer.problem or f"the server answered status {answer.status} without vectors"
            )
        parts.append(read_vectors(answer.body, len(batch)))
    if len({part.shape[1] for part in parts}) > 1:
        raise UnusableAnswerError("the server's vectors differ in length")
    return np.concatenate(parts) if parts else np.zeros((0, 1))
