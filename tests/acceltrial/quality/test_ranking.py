from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acceltrial.quality.ranking import Ranking, UnusableAnswerError, rank_of, rerank_scores, vectors_of


def test_gain_falls_with_the_logarithm_of_the_rank_and_ends_at_ten() -> None:
    assert Ranking(1).ndcg_at_10 == 1.0
    assert Ranking(3).ndcg_at_10 == pytest.approx(0.5)
    assert Ranking(10).ndcg_at_10 == pytest.approx(1 / math.log2(11))
    assert Ranking(11).ndcg_at_10 == 0.0
    assert Ranking(5).succeeded
    assert not Ranking(6).succeeded


@given(
    scores=st.lists(st.floats(-1, 1), min_size=1, max_size=30),
    data=st.data(),
)
def test_a_rank_counts_all_that_are_at_least_as_good(scores: list[float], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(scores) - 1))
    better = sum(one > scores[place] for one in scores)
    rank = rank_of(np.asarray(scores), place).rank
    assert better < rank <= len(scores)
    assert rank_of(np.zeros(7), 3).rank == 7, "a model that tells nothing apart has found nothing"


def test_vectors_are_put_in_order_and_brought_to_length_one() -> None:
    body = json.dumps({"data": [{"index": 1, "embedding": [0, 2]}, {"index": 0, "embedding": [3, 4]}]})
    assert vectors_of(body, 2).tolist() == [[0.6, 0.8], [0.0, 1.0]]
    assert vectors_of(json.dumps([{"embedding": [0.0, 0.0]}]), 1).tolist() == [[0.0, 0.0]]


@pytest.mark.parametrize(
    "body",
    [
        "<html>", "{}", '{"data": []}', '{"data": [{"embedding": ["x"]}]}', '{"data": [{"embedding": []}]}',
        '{"data": [{"embedding": [1]}, {"embedding": [1, 2]}]}', '{"data": [1]}',
        '{"data": [{"vector": [1]}]}',
        '{"data": [{"embedding": [1]}, {"embedding": [1]}]}', '{"data": [{"embedding": "AAAA"}]}',
        '{"data": [{"embedding": [null]}]}',
    ],
)  # fmt: skip
def test_what_is_no_vector_is_refused(body: str) -> None:
    with pytest.raises(UnusableAnswerError):
        vectors_of(body, 1)


def test_documents_that_a_reranker_leaves_out_come_last() -> None:
    body = json.dumps({"results": [{"index": 2, "relevance_score": 0.9}, {"index": 0, "score": 0.1}]})
    scores = rerank_scores(body, 4)
    assert rank_of(scores, 2).rank == 1
    assert rank_of(scores, 1).rank == 4


@pytest.mark.parametrize(
    "result",
    [{"index": 4, "score": 1}, {"index": -1, "score": 1}, {"index": 0}, {"index": 0, "score": "high"}, {}, 3],
)
def test_a_score_of_no_document_is_refused(result: object) -> None:
    with pytest.raises(UnusableAnswerError):
        rerank_scores(json.dumps({"results": [result]}), 4)
