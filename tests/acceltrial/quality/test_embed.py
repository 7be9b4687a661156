from __future__ import annotations

import json
from typing import Any

import pytest

from acceltrial.quality import embed as module
from acceltrial.quality.embed import embed
from acceltrial.quality.ranking import UnusableAnswerError
from acceltrial.targets.http import Answer


def replies(monkeypatch: pytest.MonkeyPatch, reply: Any) -> list[Any]:
    asked: list[Any] = []

    def post(url: str, body: Any, **_: Any) -> Answer:
        asked.append((url, body))
        return reply(body)

    monkeypatch.setattr(module, "post_json", post)
    return asked


def vectors(body: Any, width: int = 2) -> Answer:
    rows = [{"index": n, "embedding": [float(len(t))] * width} for n, t in enumerate(body["input"])]
    return Answer(200, body=json.dumps({"data": rows}).encode())


def test_texts_go_in_batches_and_come_back_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = replies(monkeypatch, vectors)
    found = embed("http://h/v1/", "m", ["x"] * 40, headers={}, timeout_s=1)
    assert found.shape == (40, 2)
    assert [len(body["input"]) for _, body in asked] == [16, 16, 8]
    assert asked[0][0] == "http://h/v1/embeddings"
    assert embed("http://h/v1", "", [], headers={}, timeout_s=1).shape == (0, 1)


def test_a_failure_and_vectors_of_two_lengths_are_unusable(monkeypatch: pytest.MonkeyPatch) -> None:
    replies(monkeypatch, lambda _body: Answer(503))
    with pytest.raises(UnusableAnswerError, match="503"):
        embed("http://h/v1", "m", ["x"], headers={}, timeout_s=1)
    widths = iter([2, 3])
    replies(monkeypatch, lambda body: vectors(body, next(widths)))
    with pytest.raises(UnusableAnswerError, match="differ in length"):
        embed("http://h/v1", "m", ["x"] * 17, headers={}, timeout_s=1)
