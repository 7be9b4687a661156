"""What runs in the children, without a model: batching, the HTTP face, corpus rows, peak rates."""

from __future__ import annotations

import asyncio
import base64
import json
import struct
from collections.abc import Sequence
from typing import Any

import pytest

from acceltrial.load.server_metrics import known_figures
from acceltrial.targets.local.embeddings_server import MAX_BODY, App, Batcher, Embedded


class Encoder:
    def __init__(self) -> None:
        self.batches: list[int] = []

    def __call__(self, texts: Sequence[str]) -> list[Embedded]:
        self.batches.append(len(texts))
        if "poison" in texts:
            raise ValueError("the model failed")
        return [Embedded([float(len(text)), 1.0], len(text.split())) for text in texts]


def ask(app: App, path: str, body: bytes = b"", method: str = "POST") -> tuple[int, Any]:
    async def exchange() -> tuple[int, bytes]:
        parts = [
            {"type": "http.request", "body": body[:5], "more_body": True},
            {"type": "http.request", "body": body[5:]},
        ]
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return parts.pop(0)

        async def send(message: Any) -> None:
            sent.append(message)

        await app({"type": "http", "method": method, "path": path}, receive, send)
        return sent[0]["status"], sent[1]["body"]

    status, answer = asyncio.run(exchange())
    return status, json.loads(answer)


def app(encoder: Encoder | None = None) -> App:
    return App(Batcher(encoder or Encoder(), max_batch=4), "mini")


def test_texts_come_back_as_vectors_in_order_with_usage() -> None:
    status, found = ask(app(), "/v1/embeddings", b'{"input": ["a b", "c"], "model": "mini"}')
    assert status == 200
    assert [one["embedding"] for one in found["data"]] == [[3.0, 1.0], [1.0, 1.0]]
    assert found["usage"] == {"prompt_tokens": 3, "total_tokens": 3}


def test_base64_is_little_endian_floats() -> None:
    _, found = ask(app(), "/v1/embeddings", b'{"input": "abc", "encoding_format": "base64"}')
    assert struct.unpack("<2f", base64.b64decode(found["data"][0]["embedding"])) == (3.0, 1.0)


@pytest.mark.parametrize(
    "body", [b"<html>", b"[]", b"{}", b'{"input": []}', b'{"input": [1]}', b'{"input": null}']
)
def test_a_wrong_request_is_400_in_words(body: bytes) -> None:
    status, found = ask(app(), "/v1/embeddings", body)
    assert status == 400
    assert found["error"]["message"]


def test_a_body_that_is_too_large_is_413() -> None:
    assert ask(app(), "/v1/embeddings", b"x" * (MAX_BODY + 1))[0] == 413


def test_other_paths_and_health() -> None:
    assert ask(app(), "/etc/passwd")[0] == 404
    assert ask(app(), "/v1/embeddings", method="GET")[0] == 404
    assert ask(app(), "/health", method="GET")[1] == {"status": "ok"}
    assert ask(app(), "/v1/models", method="GET")[1]["data"][0]["id"] == "mini"


def test_a_failing_model_fails_the_request_and_not_the_server() -> None:
    server = app()
    assert ask(server, "/v1/embeddings", b'{"input": "poison"}')[0] == 500


def test_waiting_requests_share_a_batch_and_large_ones_are_split() -> None:
    encoder = Encoder()

    async def run() -> list[list[Embedded]]:
        batcher = Batcher(encoder, max_batch=4)
        waiting = [
            asyncio.create_task(batcher.submit([str(n)] * size)) for n, size in enumerate((1, 2, 1, 3, 6))
        ]
        await asyncio.sleep(0)
        worker = asyncio.create_task(batcher.work())
        found = await asyncio.gather(*waiting)
        worker.cancel()
        return found

    found = asyncio.run(run())
    assert [len(one) for one in found] == [1, 2, 1, 3, 6]
    assert max(encoder.batches) <= 4
    assert encoder.batches[0] == 4


def test_peak_rates_are_positive_and_at_least_three() -> None:
    torch = pytest.importorskip("torch")
    from acceltrial.targets.local.peak import gemm_flops_per_s, read_bytes_per_s

    rates = gemm_flops_per_s(torch, torch.float32, "cpu", budget_s=0.01)
    assert len(rates) >= 3
    assert min(rates) > 1e6
    assert min(read_bytes_per_s(torch, "cpu", budget_s=0.01, megabytes=16)) > 1e6


def test_every_training_row_begins_with_the_start_token() -> None:
    torch = pytest.importorskip("torch")
    from acceltrial.targets.local.training_run import _batches

    class Tokenizer:
        bos_token_id = 2

        def __call__(self, text: str, *, add_special_tokens: bool) -> dict[str, list[int]]:
            return {"input_ids": [ord(letter) for letter in text]}

    settings = {"batch_size": 2, "sequence_tokens": 16, "steps": 3, "seed": 5}
    batches = _batches(torch, Tokenizer(), settings)
    assert [tuple(batch.shape) for batch in batches] == [(2, 16)] * 3
    assert all((batch[:, 0] == 2).all() for batch in batches)
    assert not torch.equal(batches[0], batches[1])


def test_the_server_tells_where_its_time_went() -> None:
    batcher = Batcher(Encoder(), max_batch=4, spent_s=lambda: {"tokenise": 0.25, "model": 1.0})

    async def run() -> None:
        waiting = [asyncio.create_task(batcher.submit(["a"])) for _ in range(3)]
        await asyncio.sleep(0)
        worker = asyncio.create_task(batcher.work())
        await asyncio.gather(*waiting)
        worker.cancel()

    asyncio.run(run())
    found = known_figures(batcher.times.text())
    assert found["tokenise_sum_s"] == 0.75  # each of the three waited for the whole batch
    assert found["prefill_sum_s"] == 3.0
    assert found["prefill_count"] == found["queue_count"] == 3
    assert found["queue_sum_s"] >= 0
    assert App(batcher, "mini")
