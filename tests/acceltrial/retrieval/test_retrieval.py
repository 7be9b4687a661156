"""The vector index against exact search."""

from __future__ import annotations

import numpy as np
import pytest

from acceltrial.errors import AcceltrialError
from acceltrial.retrieval import index as module
from acceltrial.retrieval.index import build_index, grown_corpus

RNG = np.random.default_rng(5)


def unit(count: int, dimensions: int) -> module.Vectors:
    found = RNG.normal(size=(count, dimensions)).astype(np.float32)
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def test_the_index_finds_what_an_exact_search_finds() -> None:
    pytest.importorskip("faiss")
    corpus = grown_corpus(unit(40, 32), 600, 3)
    index = build_index(corpus)
    recalls = []
    for vector in corpus[:30]:
        found, took_ms = index.search(vector, 10)
        exact = index.exact(vector, 10)
        assert exact[0] == found[0]
        assert took_ms > 0
        recalls.append(len(set(found) & set(exact)) / 10)
    assert np.mean(recalls) > 0.9
    assert index.build_s > 0


def test_the_corpus_keeps_the_real_vectors_and_is_seeded() -> None:
    real = unit(10, 8)
    first, again, other = grown_corpus(real, 50, 1), grown_corpus(real, 50, 1), grown_corpus(real, 50, 2)
    assert first.shape == (50, 8)
    np.testing.assert_allclose(first[:10], real, rtol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(first, axis=1), 1, rtol=1e-5)
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    assert grown_corpus(real, 4, 1).shape == (4, 8)


@pytest.mark.parametrize("wrong", [np.zeros((0, 4)), np.zeros(4), np.full((3, 4), np.nan)])
def test_what_is_no_matrix_of_vectors_is_refused(wrong: np.ndarray) -> None:
    pytest.importorskip("faiss")
    with pytest.raises(AcceltrialError, match="no matrix"):
        build_index(wrong.astype(np.float32))


def test_without_the_library_there_is_a_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "find_spec", lambda _name: None)
    with pytest.raises(AcceltrialError, match="not installed"):
        build_index(unit(3, 4))
