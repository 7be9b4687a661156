"""What the reference server answers to each kind of request, written in advance; when is up to the server."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

_HEADER = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
_END = b"e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n"
_EMBEDDING_SIZE = 8


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How the server answers.

    Attributes:
        tokens: output tokens where the request does not say.
        tokens_per_chunk: how many tokens one event carries.
        slots: requests served at once, the rest queue in order; 0 for no limit.
    """

    ttft_ms: float = 20.0
    itl_ms: float = 5.0
    tokens: int = 16
    tokens_per_chunk: int = 1
    slots: int = 0


class Content(NamedTuple):
    """The bytes of one answer: either a `body`, or the parts of a stream.

    Attributes:
        tokens: how many it says, and when streaming also how long it lasts.
        body: the whole answer, header included; empty for a stream.
        head: before the first event.
        event: one a chunk of tokens.
        last: after the last of them.
    """

    tokens: int
    body: bytes = b""
    head: bytes = b""
    event: bytes = b""
    last: bytes = b""


def whole(content: dict[str, Any], status: str = "200 OK") -> bytes:
    """A complete answer of JSON, header included."""
    body = json.dumps(content).encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def _completion(behaviour: Behaviour, request: dict[str, Any]) -> Content:
    prompt = request.get("prompt", "")
    words = len(prompt) if isinstance(prompt, list) else len(str(prompt).split())
    return _generation(behaviour, request, words, chat=False)


def _chat(behaviour: Behaviour, request: dict[str, Any]) -> Content:
    words = sum(len(str(message.get("content", "")).split()) for message in request.get("messages", []))
    return _generation(behaviour, request, words, chat=True)


def _generation(behaviour: Behaviour, request: dict[str, Any], words: int, *, chat: bool) -> Content:
    asked = request.get("max_tokens") or request.get("max_completion_tokens")
    tokens = max(1, int(asked or behaviour.tokens))
    usage = {"prompt_tokens": words, "completion_tokens": tokens, "total_tokens": words + tokens}
    kind = "chat.completion" if chat else "text_completion"
    common = {"id": "ref", "object": kind, "model": "reference"}
    if not request.get("stream"):
        text = " word" * tokens
        choice: dict[str, Any] = {"index": 0, "finish_reason": "length"}
        choice |= {"message": {"role": "assistant", "content": text}} if chat else {"text": text}
        return Content(tokens, body=whole(common | {"choices": [choice], "usage": usage}))
    text = " word" * behaviour.tokens_per_chunk
    part: dict[str, Any] = {"delta": {"content": text}} if chat else {"text": text}
    choice = {"index": 0, "finish_reason": None} | part
    finish: dict[str, Any] = {"index": 0, "finish_reason": "length"}
    finish["delta" if chat else "text"] = {} if chat else ""
    last = _event(common | {"choices": [finish]})
    if (request.get("stream_options") or {}).get("include_usage"):
        last += _event(common | {"choices": [], "usage": usage})
    event = _event(common | {"choices": [choice]})
    return Content(tokens, head=_HEADER, event=event, last=last + _END)


def _embeddings(_behaviour: Behaviour, request: dict[str, Any]) -> Content:
    given = request.get("input", "")
    texts = given if isinstance(given, list) else [given]
    words = sum(len(str(text).split()) for text in texts)
    data = [
        {"object": "embedding", "index": i, "embedding": [0.5] * _EMBEDDING_SIZE} for i in range(len(texts))
    ]
    usage = {"prompt_tokens": words, "total_tokens": words}
    return Content(0, body=whole({"object": "list", "data": data, "usage": usage}))


def _rerank(_behaviour: Behaviour, request: dict[str, Any]) -> Content:
    documents = request.get("documents", [])
    words = sum(len(str(text).split()) for text in [request.get("query", ""), *documents])
    results = [{"index": i, "relevance_score": 1.0 / (i + 1)} for i in range(len(documents))]
    return Content(0, body=whole({"results": results, "usage": {"total_tokens": words}}))


ANSWERS: dict[str, Callable[[Behaviour, dict[str, Any]], Content]] = {
    "/completions": _completion,
    "/chat/completions": _chat,
    "/embeddings": _embeddings,
    "/rerank": _rerank,
}
"""How each path of the protocol is answered, below `/v1`."""


def _event(content: dict[str, Any]) -> bytes:
    data = b"data: " + json.dumps(content, separators=(",", ":")).encode() + b"\n\n"
    return b"%x\r\n%s\r\n" % (len(data), data)
