from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest

from acceltrial.load.apis import body
from acceltrial.quality.questionnaire import RerankQuestions, rerank_questions, search_questions
from acceltrial.quality.ranking import UnusableAnswerError


def spelled(texts: list[str]) -> npt.NDArray[np.float64]:
    """Vectors of letter pairs: near when the words are alike."""
    found = np.zeros((len(texts), 676))
    for row, text in enumerate(texts):
        letters = [ord(c) - 97 for c in text.casefold() if "a" <= c <= "z"]
        for left, right in pairwise(letters):
            found[row, 26 * left + right] += 1
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def answered(texts: list[str | None]) -> pl.DataFrame:
    failed = ["reset" if text is None else None for text in texts]
    return pl.DataFrame(
        {"index": range(len(texts)), "error_class": failed, "text": texts},
        schema_overrides={"error_class": pl.String, "text": pl.String},
    )


def embedding(vector: npt.NDArray[np.float64]) -> str:
    return json.dumps({"data": [{"index": 0, "embedding": vector.tolist()}]})


def test_an_embedder_is_judged_by_where_each_page_comes_to_stand() -> None:
    asked = search_questions(spelled, [12] * 200, 1)
    good = [embedding(asked.index[page]) for page in asked.relevant]
    score = asked.judge(answered(good))
    assert (score.success.value, score.recall_at_1.value, score.ndcg_at_10.value) == (1, 1, 1)
    fair = asked.judge(answered([embedding(spelled([text])[0]) for text in asked.prompts]))
    blind = asked.judge(answered([embedding(np.ones(676))] * 200))
    assert 1 > fair.ndcg_at_10.value > blind.ndcg_at_10.value  # type: ignore[operator]


def test_failures_are_not_answers_and_a_broken_answer_is_no_right_one() -> None:
    asked = search_questions(spelled, [12] * 3, 1, pages=40)
    score = asked.judge(answered([None, embedding(asked.index[1]), embedding(np.ones(3))]))
    assert score.correct == [None, True, False]
    with pytest.raises(UnusableAnswerError, match="not JSON"):
        asked.judge(answered(["<html>", None, "?"]))


def test_a_reranker_is_asked_in_the_protocols_form_and_judged_by_the_right_documents_place() -> None:
    asked = rerank_questions([650] * 50, 2)
    assert isinstance(asked, RerankQuestions)
    sent = json.loads(body("rerank", "m", asked.prompts[0]))
    assert sent["query"] == asked.prompts[0][0]
    assert len(sent["documents"]) == 20

    assert len(rerank_questions([30], 2).prompts[0][1]) == 10

    def reply(right: int, *, first: bool) -> str:
        scores = [{"index": n, "relevance_score": float(n == right) if first else 0.0} for n in range(20)]
        return json.dumps({"results": scores})

    best = asked.judge(answered([reply(place, first=True) for place in asked.relevant]))
    blind = asked.judge(answered([reply(place, first=False) for place in asked.relevant]))
    assert (best.success.value, blind.success.value) == (1.0, 0.0)
