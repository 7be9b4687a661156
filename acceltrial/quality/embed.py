"""Vectors of texts from an embedding server, in batches, for the index of a search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from acceltrial.quality.ranking import UnusableAnswerError, vectors_of
from acceltrial.targets.http import post_json

_BATCH = 16


def embed(
    base_url: str, model: str, texts: Sequence[str], *, headers: Mapping[str, str], timeout_s: float
) -> npt.NDArray[np.float64]:
    """The unit vectors of `texts`, in order. Raises UnusableAnswerError."""
    parts = []
    for at in range(0, len(texts), _BATCH):
        batch = list(texts[at : at + _BATCH])
        answer = post_json(
            f"{base_url.rstrip('/')}/embeddings",
            {"model": model, "input": batch} if model else {"input": batch},
            connect_s=2.0,
            total_s=timeout_s,
            headers=headers,
        )
        if answer.status != 200:
            raise UnusableAnswerError(
                answer.problem or f"the server answered status {answer.status} without vectors"
            )
        parts.append(vectors_of(answer.body, len(batch)))
    if len({part.shape[1] for part in parts}) > 1:
        raise UnusableAnswerError("the server's vectors differ in length")
    return np.concatenate(parts) if parts else np.zeros((0, 1))
