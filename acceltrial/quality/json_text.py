"""JSON inside what a model wrote: the first object, the first call of a tool."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

_MOST_LETTERS = 20_000
_MOST_STARTS = 50


class Call(NamedTuple):
    """A tool and what it is called with."""

    name: str
    arguments: Mapping[str, Any]


def first_object(text: str) -> dict[str, Any] | None:
    """The first JSON object in `text`, None where there is none."""
    return next((found for found, _ in _objects(text)), None)


def first_call(text: str) -> Call | None:
    """The first call in `text`: an object that names a tool, or `NAME{…}` as streams of calls join up."""
    for found, before in _objects(text):
        inner = found.get("function")
        body = inner if isinstance(inner, Mapping) else found
        name = next(
            (body[key] for key in ("tool", "name", "function") if isinstance(body.get(key), str)), None
        )
        arguments = next((body[key] for key in ("arguments", "parameters", "args") if key in body), None)
        if isinstance(arguments, str):
            arguments = first_object(arguments)
        if name is not None and isinstance(arguments, Mapping):
            return Call(name, arguments)
        leading = re.search(r"([A-Za-z_]\w*)$", before)
        return Call(leading.group(1), found) if leading else None
    return None


def _objects(text: str) -> Iterator[tuple[dict[str, Any], str]]:
    """Every JSON object in order of its start with the text before it; bounded, whatever the text."""
    text = text[:_MOST_LETTERS]
    decoder = json.JSONDecoder()
    at = text.find("{")
    for _ in range(_MOST_STARTS):
        if at < 0:
            return
        try:
            found, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            end = at + 1
        else:
            yield found, text[:at]
        at = text.find("{", end)
