"""Requests changed on their way: fields of a JSON body, headers, a prompt's template."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from acceltrial.canary.relay.http import Head


def with_headers(head: Head, headers: Mapping[bytes, bytes]) -> Head:
    """The head with `headers` (names in lower case) in place of any of the same names."""
    kept = tuple(pair for pair in head.headers if pair[0] not in headers)
    return Head(head.start, (*kept, *headers.items()))


def with_fields(head: Head, body: bytes, fields: Mapping[str, Any]) -> tuple[Head, bytes]:
    """The request with `fields` in its JSON body; one whose body is no JSON object stays as it is."""
    document = _document(body)
    return (head, body) if document is None else _replaced(head, {**document, **fields})


def in_template(head: Head, body: bytes, template: str) -> tuple[Head, bytes]:
    """The request with its prompt inside `template`; what has no prompt stays as it is."""
    document = _document(body)
    if document is None or not isinstance(document.get("prompt"), str):
        return head, body
    return _replaced(head, {**document, "prompt": template.replace("PROMPT", document["prompt"])})


def _document(body: bytes) -> dict[str, Any] | None:
    try:
        document = json.loads(body)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None


def _replaced(head: Head, document: dict[str, Any]) -> tuple[Head, bytes]:
    body = json.dumps(document).encode()
    return with_headers(head, {b"content-length": b"%d" % len(body)}), body
