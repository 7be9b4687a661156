"""An embedding model in torch behind `POST /v1/embeddings`. Run as `python -m … SETTINGS_JSON`.

Requests that wait while the model works are put into the next batch together. `GET /metrics` tells how
long requests waited, were tokenised and were computed, as sums and counts in Prometheus' text format.
"""

from __future__ import annotations

import asyncio
import base64
import json
import struct
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from acceltrial.targets.marks import mark

MAX_BODY = 8_000_000
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Scope]]
Send = Callable[[Scope], Awaitable[None]]


class Embedded(NamedTuple):
    """One text's vector and how many tokens it was."""

    vector: list[float]
    tokens: int


@dataclass
class Times:
    """Seconds by step, summed over requests: each request of a batch has waited for the whole of it."""

    seconds: Counter[str] = field(default_factory=Counter)
    requests: Counter[str] = field(default_factory=Counter)

    def add(self, step: str, seconds: float, requests: int = 1) -> None:
        """Takes up that `requests` requests spent `seconds` each."""
        self.seconds[step] += seconds * requests  # type: ignore[assignment]
        self.requests[step] += requests

    def text(self) -> str:
        """In Prometheus' text format."""
        lines = []
        for step in sorted(self.requests):
            name = f"acceltrial:{step}_seconds"
            lines += [f"# TYPE {name} summary", f"{name}_sum {self.seconds[step]:.9f}"]
            lines.append(f"{name}_count {self.requests[step]}")
        return "\n".join([*lines, ""])


class Encoder:
    """Texts to unit vectors: mean over the last layer's tokens, as sentence-transformers does.

    `spent_s` holds the seconds that the last call took for tokenising and for the model.
    """

    def __init__(self, folder: str, device: str, max_input_tokens: int) -> None:
        import torch
        from transformers import AutoModel, AutoTokenizer

        self._torch = torch
        self._device = device
        self._max = max_input_tokens
        self.spent_s: dict[str, float] = {}
        self._tokenizer = AutoTokenizer.from_pretrained(folder)
        self._model = AutoModel.from_pretrained(folder, dtype=torch.float32).to(device).eval()

    def encode(self, texts: Sequence[str]) -> list[Embedded]:
        """One `Embedded` a text, in order; longer texts are cut to the limit."""
        torch = self._torch
        start = time.perf_counter()
        batch = self._tokenizer(
            list(texts), padding=True, truncation=True, max_length=self._max, return_tensors="pt"
        ).to(self._device)
        tokenised = time.perf_counter()
        with torch.inference_mode():
            hidden = self._model(**batch).last_hidden_state
            mask = batch["attention_mask"].unsqueeze(-1).to(hidden.dtype)
            mean = (hidden * mask).sum(1) / mask.sum(1).clamp(min=1)
            unit = torch.nn.functional.normalize(mean, dim=1).cpu()
        self.spent_s = {"tokenise": tokenised - start, "model": time.perf_counter() - tokenised}
        counts = batch["attention_mask"].sum(1).tolist()
        return [Embedded(vector, int(n)) for vector, n in zip(unit.tolist(), counts, strict=True)]


@dataclass(eq=False, slots=True)
class _Waiting:
    texts: list[str]
    done: asyncio.Future[list[Embedded]]
    since: float = field(default_factory=time.perf_counter)


@dataclass(eq=False)
class Batcher:
    """Joins waiting requests into batches of at most `max_batch` texts.

    Attributes:
        spent_s: gives the seconds by step of the last call of `encode`.
        times: what all requests so far have spent.
    """

    encode: Callable[[Sequence[str]], list[Embedded]]
    max_batch: int
    spent_s: Callable[[], dict[str, float]] = dict
    times: Times = field(default_factory=Times)
    _queue: asyncio.Queue[_Waiting] = field(default_factory=asyncio.Queue)
    _pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1))

    async def submit(self, texts: list[str]) -> list[Embedded]:
        """The embeddings of `texts`."""
        future: asyncio.Future[list[Embedded]] = asyncio.get_running_loop().create_future()
        await self._queue.put(_Waiting(texts, future))
        return await future

    async def work(self) -> None:
        """Encodes batch after batch, for ever."""
        held: _Waiting | None = None
        while True:
            taken = [held or await self._queue.get()]
            held = None
            while not self._queue.empty() and held is None:
                following = self._queue.get_nowait()
                if sum(len(one.texts) for one in taken) + len(following.texts) > self.max_batch:
                    held = following
                else:
                    taken.append(following)
            await self._encode(taken)

    async def _encode(self, taken: list[_Waiting]) -> None:
        texts = [text for one in taken for text in one.texts]
        loop = asyncio.get_running_loop()
        begun = time.perf_counter()
        for one in taken:
            self.times.add("queue", begun - one.since)
        try:
            results, spent_s = await loop.run_in_executor(self._pool, self._in_parts, texts)
        except Exception as error:  # the model's failure belongs to these requests, not to the server
            for one in taken:
                if not one.done.done():
                    one.done.set_exception(RuntimeError(str(error)))
            return
        for step, seconds in spent_s.items():
            self.times.add(step, seconds, len(taken))
        at = 0
        for one in taken:
            if not one.done.done():
                one.done.set_result(results[at : at + len(one.texts)])
            at += len(one.texts)

    def _in_parts(self, texts: list[str]) -> tuple[list[Embedded], Counter[str]]:
        found: list[Embedded] = []
        spent_s: Counter[str] = Counter()
        for at in range(0, len(texts), self.max_batch):
            found += self.encode(texts[at : at + self.max_batch])
            spent_s.update(self.spent_s())
        return found, spent_s


class App:
    """The ASGI application."""

    def __init__(self, batcher: Batcher, model_name: str) -> None:
        self._batcher = batcher
        self._model = model_name
        self._worker: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            return
        if self._worker is None:
            self._worker = asyncio.create_task(self._batcher.work())
        status, body = await self._answer(scope["method"], scope["path"], receive)
        kind = b"text/plain; version=0.0.4" if scope["path"] == "/metrics" else b"application/json"
        headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, method: str, path: str, receive: Receive) -> tuple[int, bytes]:
        if path == "/health":
            return 200, b'{"status":"ok"}'
        if path == "/metrics":
            return 200, self._batcher.times.text().encode()
        if path == "/v1/models":
            return _json(200, {"object": "list", "data": [{"id": self._model, "object": "model"}]})
        if path != "/v1/embeddings" or method != "POST":
            return _error(404, "not found")
        raw = await _body(receive)
        if raw is None:
            return _error(413, f"the body is larger than {MAX_BODY} bytes")
        request = _parse(raw)
        if isinstance(request, str):
            return _error(400, request)
        try:
            found = await self._batcher.submit(request.texts)
        except RuntimeError as error:
            return _error(500, str(error))
        return _json(200, self._reply(found, request.base64))

    def _reply(self, found: list[Embedded], as_base64: bool) -> dict[str, Any]:
        tokens = sum(one.tokens for one in found)
        data = [
            {
                "object": "embedding",
                "index": index,
                "embedding": _packed(one.vector) if as_base64 else one.vector,
            }
            for index, one in enumerate(found)
        ]
        usage = {"prompt_tokens": tokens, "total_tokens": tokens}
        return {"object": "list", "model": self._model, "data": data, "usage": usage}


class _Request(NamedTuple):
    texts: list[str]
    base64: bool


def _parse(raw: bytes) -> _Request | str:
    try:
        body = json.loads(raw)
    except ValueError:
        return "the body is not JSON"
    given = body.get("input") if isinstance(body, dict) else None
    texts = [given] if isinstance(given, str) else given
    if not isinstance(texts, list) or not texts or not all(isinstance(text, str) for text in texts):
        return "`input` must be a text or a list of texts"
    return _Request(texts, body.get("encoding_format") == "base64")


def _packed(vector: list[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()


async def _body(receive: Receive) -> bytes | None:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > MAX_BODY:
            return None
        if not message.get("more_body"):
            return b"".join(parts)


def _json(status: int, value: Any) -> tuple[int, bytes]:
    return status, json.dumps(value, separators=(",", ":")).encode()


def _error(status: int, message: str) -> tuple[int, bytes]:
    return _json(status, {"error": {"message": message, "type": "invalid_request_error"}})


def main(settings: dict[str, Any]) -> None:
    """Serves on loopback until it is ended."""
    import torch
    import uvicorn
    from transformers import AutoModel  # noqa: F401 (its import belongs to the start, not to the load)

    mark("imported", torch=torch.__version__)
    if settings["threads"]:
        torch.set_num_threads(settings["threads"])
    encoder = Encoder(settings["folder"], settings["device"], settings["max_input_tokens"])
    batcher = Batcher(encoder.encode, settings["max_batch"], lambda: encoder.spent_s)
    app = App(batcher, settings["model_name"])
    uvicorn.run(app, host="127.0.0.1", port=settings["port"], log_level="warning", access_log=False)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
