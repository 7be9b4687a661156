"""Retrieval relevance of an embedding server: known-item search over generated manual pages."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import numpy.typing as npt

from acceltrial.stats.quantiles import Estimate, proportion_interval
from acceltrial.targets import RunningServer
from acceltrial.targets.http import post_json

BATCH = 16
TOP = 5
MACHINES = ["centrifugal pump", "screw compressor", "dosing pump", "vacuum pump", "booster set", "blower"]
PARTS = [
    "shaft seal",
    "bearing",
    "coupling",
    "impeller",
    "suction valve",
    "pressure switch",
    "oil filter",
    "motor",
]
TOPICS = {
    "replace": ("Removal and fitting of the {part}", "how do I change the {part}"),
    "noise": ("Unusual sounds and their causes at the {part}", "the {part} is loud, why"),
    "inspect": ("Inspection intervals and limits of wear for the {part}", "when must the {part} be checked"),
    "order": ("Ordering numbers and versions of the {part}", "which spare {part} do I buy"),
    "store": ("Preservation and storage of the {part} before use", "keeping a new {part} on the shelf"),
}


class UnusableAnswerError(Exception):
    """The server's answer cannot be used; the text says why."""


def pages_and_queries(count: int, seed: int) -> tuple[list[str], list[str]]:
    """At most `count` pages of a manual and, in the same order, a question in other words for each."""
    keys = [(machine, part, topic) for machine in MACHINES for part in PARTS for topic in TOPICS]
    random.Random(seed).shuffle(keys)
    pages, queries = [], []
    for machine, part, topic in keys[:count]:
        title, question = (text.format(part=part) for text in TOPICS[topic])
        pages.append(
            f"{machine.capitalize()}. {title}. Read the safety notes before you work on the {machine}."
        )
        queries.append(f"{question} of the {machine}?")
    return pages, queries


def relevance(server: RunningServer, count: int, seed: int, *, timeout_s: float) -> Estimate:
    """The share of questions whose page is among the first five, with its interval.

    Raises:
        UnusableAnswerError: the server fails, or gives something else than vectors.
    """
    pages, queries = pages_and_queries(count, seed)
    found = vectors_of(server, pages, timeout_s)
    asked = vectors_of(server, queries, timeout_s)
    scores = asked @ found.T
    rank = (scores > np.diag(scores)[:, None]).sum(axis=1)
    return proportion_interval(int((rank < TOP).sum()), len(queries))


def vectors_of(server: RunningServer, texts: list[str], timeout_s: float) -> npt.NDArray[np.float64]:
    """The unit vectors of `texts`, in order. Raises UnusableAnswerError."""
    rows: list[Any] = []
    for at in range(0, len(texts), BATCH):
        body = {"model": server.model_name, "input": texts[at : at + BATCH]}
        answer = post_json(
            f"{server.base_url}/embeddings", body, connect_s=2.0, total_s=timeout_s, headers=server.headers
        )
        data = (answer.json() or {}).get("data") if answer.status == 200 else None
        if not data:
            raise UnusableAnswerError(
                answer.problem or f"the server answered status {answer.status} without vectors"
            )
        rows += [one.get("embedding") for one in sorted(data, key=lambda one: int(one.get("index", 0)))]
    try:
        matrix = np.asarray(rows, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise UnusableAnswerError("the server's vectors are no numbers of one length") from error
    if matrix.shape[:1] != (len(texts),) or matrix.ndim != 2 or not np.isfinite(matrix).all():
        raise UnusableAnswerError("the server's vectors are not finite, or not one a text")
    norms = np.linalg.norm(matrix, axis=1, keepdims=True)
    return matrix / np.where(norms > 0, norms, 1.0)
