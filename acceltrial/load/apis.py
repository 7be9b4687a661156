"""The request bodies of the OpenAI protocol and of its rerank companion."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import orjson

from acceltrial.errors import ConfigurationError
from acceltrial.load.dialect import OPENAI, Dialect

Api = Literal["completions", "chat", "embeddings", "rerank"]
APIS: tuple[Api, ...] = ("completions", "chat", "embeddings", "rerank")
PATHS: Mapping[str, str] = {
    "completions": "/completions",
    "chat": "/chat/completions",
    "embeddings": "/embeddings",
    "rerank": "/rerank",
}
RERANK_DOCUMENTS = 8


def generates(api: Api) -> bool:
    """Whether the API answers with tokens that can stream."""
    return api in ("completions", "chat")


def body(
    api: Api,
    model: str,
    prompt: Any,
    *,
    output_tokens: int = -1,
    stream: bool = False,
    ignore_eos: bool = False,
    extra: Mapping[str, Any] | None = None,
    dialect: Dialect = OPENAI,
) -> bytes:
    """The JSON body of one request. Raises ConfigurationError where the prompt does not fit the API."""
    content: dict[str, Any] = {"model": model} if model else {}
    content |= _PROMPT_FIELDS[api](prompt)
    if generates(api):
        if output_tokens > 0:
            content |= dialect.length(output_tokens, ignore_eos=ignore_eos)
        content["stream"] = stream
        if stream:
            content |= dialect.usage()
    return orjson.dumps(content | dict(extra or {}))


def _completion(prompt: Any) -> dict[str, Any]:
    if not isinstance(prompt, str | list):
        raise _unfit("completions", "a text")
    return {"prompt": prompt}


def _chat(prompt: Any) -> dict[str, Any]:
    if isinstance(prompt, str):
        return {"messages": [{"role": "user", "content": prompt}]}
    if not isinstance(prompt, list) or not all(isinstance(message, dict) for message in prompt):
        raise _unfit("chat", "a text or a list of messages")
    return {"messages": prompt}


def _embeddings(prompt: Any) -> dict[str, Any]:
    if not isinstance(prompt, str | list):
        raise _unfit("embeddings", "a text or a list of texts")
    return {"input": prompt}


def _rerank(prompt: Any) -> dict[str, Any]:
    if isinstance(prompt, str):
        query, documents = split_for_rerank(prompt)
    elif isinstance(prompt, list | tuple) and len(prompt) == 2:
        query, documents = prompt
    else:
        raise _unfit("rerank", "a text or a (query, documents) pair")
    return {"query": query, "documents": list(documents)}


_PROMPT_FIELDS = {"completions": _completion, "chat": _chat, "embeddings": _embeddings, "rerank": _rerank}


def split_for_rerank(text: str) -> tuple[str, list[str]]:
    """A query of the first tenth of the words and the rest as equal documents."""
    words = text.split(" ")
    cut = max(1, len(words) // 10)
    rest = words[cut:] or words
    size = max(1, -(-len(rest) // RERANK_DOCUMENTS))
    return " ".join(words[:cut]), [" ".join(rest[i : i + size]) for i in range(0, len(rest), size)]


def _unfit(api: str, wanted: str) -> ConfigurationError:
    return ConfigurationError(f"a prompt for {api} must be {wanted}", where="prompts")
