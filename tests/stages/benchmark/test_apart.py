"""Steps measured beside the run, against real HTTP servers of both dialects."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from acceltrial.load.address import resolve
from acceltrial.targets import RunningServer, Startup
from stages.benchmark.apart import ROUNDS, measure_apart, round_trip
from tests.stages.benchmark.json_server import answering


@contextmanager
def server(wanted: str | None, answer: bytes | None = None) -> Iterator[RunningServer]:
    """Tokenises bodies that hold the key `wanted`, or answers the same whatever comes."""

    def tokenised(path: str, body: dict[str, Any]) -> tuple[int, Any]:
        if answer is not None:
            return 200, answer
        known = wanted in body or (path == "/detokenize" and "tokens" in body)
        found = {"tokens": str(body.get(wanted, "")).split(), "content": "text"}
        return (200, found) if known else (400, {"error": "?"})

    with answering(tokenised, "completions") as running:
        yield running


@pytest.mark.parametrize("dialect", ["content", "prompt"])
def test_a_server_that_tokenises_is_timed(dialect: str) -> None:
    with server(dialect) as running:
        found = measure_apart(running, 40, 8)
    assert len(found.server_tokenise.values) == len(found.detokenise.values) == ROUNDS
    assert min(found.server_tokenise.values) >= 0
    assert "8 tokens" in found.detokenise.source
    assert min(found.round_trip.values) > 0
    assert "no tokenizer file" in found.client_tokenise.reason


@pytest.mark.parametrize("answer", [b"not json", b"[]", b'{"tokens": []}', b'{"tokens": "x"}', b""])
def test_a_server_that_answers_nonsense_is_not_timed(answer: bytes) -> None:
    with server(None, answer) as running:
        found = measure_apart(running, 40, 8)
    assert found.server_tokenise.reason == "the server offers no /tokenize"
    assert not found.detokenise.values


def test_a_server_that_is_gone_has_no_round_trip() -> None:
    found = round_trip(resolve("http://127.0.0.1:9/v1"))
    assert "no connection could be opened" in found.reason
    assert not found.values


def test_the_clients_tokenizer_is_timed(tmp_path: Path) -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers

    words = {"the": 0, "pump": 1, "[UNK]": 2}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    path = tmp_path / "tokenizer.json"
    tokenizer.save(str(path))
    running = RunningServer("http://127.0.0.1:9/v1", "m", "embeddings", None, Startup(), tokenizer_path=path)
    found = measure_apart(running, 30, 0)
    assert len(found.client_tokenise.values) == ROUNDS
    assert found.detokenise.values
    assert "30 tokens" in found.client_tokenise.source
