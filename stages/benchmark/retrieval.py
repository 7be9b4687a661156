"""The pages of the search task, and their vectors from an embedding server."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from acceltrial.quality.embed import embed
from acceltrial.quality.manual import manual
from acceltrial.quality.ranking import UnusableAnswerError
from acceltrial.targets import RunningServer

__all__ = ["UnusableAnswerError", "pages_and_queries", "vectors_of"]


def pages_and_queries(count: int, seed: int) -> tuple[list[str], list[str]]:
    """At most `count` pages of a manual and, in the same order, a question in other words for each."""
    book = manual(seed, count)
    return book.pages, book.questions


def vectors_of(server: RunningServer, texts: list[str], timeout_s: float) -> npt.NDArray[np.float64]:
    """The unit vectors of `texts`, in order. Raises UnusableAnswerError."""
    return embed(server.base_url, server.model_name, texts, headers=server.headers, timeout_s=timeout_s)
