"""Request bodies."""

from __future__ import annotations

import orjson
import pytest

from acceltrial.errors import ConfigurationError
from acceltrial.load.apis import body, split_for_rerank


def test_completions() -> None:
    found = orjson.loads(
        body("completions", "m", "hi", output_tokens=9, stream=True, ignore_eos=True, extra={"seed": 1})
    )
    assert found == {
        "model": "m", "prompt": "hi", "max_tokens": 9, "ignore_eos": True, "min_tokens": 9, "stream": True,
        "stream_options": {"include_usage": True}, "seed": 1,
    }  # fmt: skip


def test_others() -> None:
    assert orjson.loads(body("chat", "", "hi")) == {
        "messages": [{"role": "user", "content": "hi"}],
        "stream": False,
    }
    messages = [{"role": "system", "content": "x"}]
    assert orjson.loads(body("chat", "m", messages))["messages"] == messages
    assert orjson.loads(body("embeddings", "m", ["a", "b"], output_tokens=4, stream=True)) == {
        "model": "m",
        "input": ["a", "b"],
    }
    assert orjson.loads(body("rerank", "m", ("q", ["d"])))["documents"] == ["d"]


def test_rerank_split_keeps_all_words() -> None:
    words = " ".join(str(i) for i in range(100))
    query, documents = split_for_rerank(words)
    assert " ".join([query, *documents]) == words
    assert 1 <= len(documents) <= 8
    assert split_for_rerank("one") == ("one", ["one"])


@pytest.mark.parametrize(
    ("api", "prompt"), [("completions", 3), ("chat", [1]), ("embeddings", None), ("rerank", ["a"])]
)
def test_unfit_prompts(api: str, prompt: object) -> None:
    with pytest.raises(ConfigurationError):
        body(api, "m", prompt)  # type: ignore[arg-type]
