"""Pydantic's complaints told with file, line, column and remedy."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from acceltrial.errors import ConfigurationError
from acceltrial.portfolio.document import Document, Loc

M = TypeVar("M", bound=BaseModel)
_ECHO_LIMIT = 60
_NEVER_ECHOED = frozenset({"api_key_env", "url"})


def validate(model: type[M], document: Document) -> M:
    """The document as `model`.

    Raises:
        ConfigurationError: naming the first breach in the order of the file; all of them are in
            `details["breaches"]`, each with `where`, `what` and `remedy`.
    """
    try:
        return model.model_validate(document.data)
    except ValidationError as error:
        breaches = sorted(
            (_breach(model, document, dict(raw)) for raw in error.errors()), key=lambda b: b["order"]
        )
    shown = [{key: breach[key] for key in ("where", "what", "remedy")} for breach in breaches[:100]]
    more = f" (and {len(breaches) - 1} more)" if len(breaches) > 1 else ""
    raise ConfigurationError(
        shown[0]["what"] + more,
        where=shown[0]["where"],
        remedy=shown[0]["remedy"],
        details={"breaches": shown},
    )


def _breach(model: type[BaseModel], document: Document, raw: dict[str, Any]) -> dict[str, Any]:
    loc = _within(document.data, raw["loc"])
    kind = raw["type"]
    if kind == "union_tag_invalid":
        loc = (*loc, "kind")
    field = ".".join(str(part) for part in loc if isinstance(part, str)) or "the file"
    what, remedy = _sentence(model, raw, loc, field)
    position = document.keys.get(loc) if kind == "extra_forbidden" else None
    position = position or next(
        (document.values[loc[:end]] for end in range(len(loc), -1, -1) if loc[:end] in document.values), None
    )
    return {
        "where": document.where(loc, key=kind == "extra_forbidden"),
        "what": what,
        "remedy": remedy,
        # A misspelt key also leaves its right spelling missing: the misspelling is told first.
        "order": (kind == "missing", *((position.line, position.column) if position else (0, 0))),
    }


def _sentence(model: type[BaseModel], raw: dict[str, Any], loc: Loc, field: str) -> tuple[str, str]:
    kind, context = raw["type"], raw.get("ctx") or {}
    last = str(raw["loc"][-1]) if raw["loc"] else ""
    if kind == "extra_forbidden":
        known = sorted({name for owner in _owners(model, raw["loc"][:-1]) for name in owner.model_fields})
        near = get_close_matches(last, known, n=1)
        hint = f"did you mean `{near[0]}`?" if near else f"known keys here: {', '.join(known)}"
        return f"unknown key {_echo(last)}", hint
    if kind == "missing":
        return f"`{last}` is missing in {field}", f"add `{last}:`"
    if kind == "union_tag_not_found":
        tags = [tag for owner in _owners(model, raw["loc"]) for tag in _tags(owner)]
        return f"`kind` is missing in {field}", f"add `kind:`, one of: {', '.join(tags)}"
    if kind == "union_tag_invalid":
        return f"`{field}` is {_echo(context.get('tag'))}", f"one of: {_choices(context)}"
    if kind == "literal_error":
        return f"`{field}` is {_shown(raw, loc)}", f"one of: {_choices(context)}"
    if kind == "value_error":
        return f"`{field}`: {context['error']}", f"correct `{last or field}`"
    if not loc and kind in ("model_type", "dict_type", "model_attributes_type"):
        section = next(iter(model.model_fields))
        what = f"the file is {_shown(raw, loc)}: it should hold a section `{section}:`"
        return what, f"correct it: begin with `{section}:` and a list below"
    if kind.startswith("float") and str(raw["input"]).strip().endswith("%"):
        return f"`{field}` is {_shown(raw, loc)}: it should be a share of 1", "write 0.7 for 70 %"
    if kind == "string_pattern_mismatch" and last in ("as_of", "expires", "checked"):
        return f"`{field}` is {_shown(raw, loc)}, which is no date", "write it as 2026-06-30 or 2026-06"
    if kind == "finite_number":
        return f"`{field}` is {raw['input']}, which is no figure", "write a finite number, or leave it out"
    return f"`{field}` is {_shown(raw, loc)}: {_plain(raw['msg'])}", f"correct `{last}`"


def _choices(context: dict[str, Any]) -> str:
    return (
        str(context.get("expected_tags") or context.get("expected", ""))
        .replace("'", "")
        .replace(" or ", ", ")
    )


def _plain(message: str) -> str:
    return message.replace("Input should be", "it should be").replace("Value error, ", "")


def _shown(raw: dict[str, Any], loc: Loc) -> str:
    value = raw.get("input")
    if loc and loc[-1] in _NEVER_ECHOED:
        return "not of the right form"
    if isinstance(value, dict):
        return f"a section with the keys {', '.join(str(key) for key in list(value)[:5])}"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    return "empty" if value is None else _echo(value)


def _echo(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _ECHO_LIMIT else text[: _ECHO_LIMIT - 3] + "..."


def _within(data: Any, loc: tuple[int | str, ...]) -> Loc:
    """`loc` without pydantic's own steps (union tags) and without what the data does not have."""
    place: list[str | int] = []
    for step in loc:
        inside_list = isinstance(data, list) and isinstance(step, int) and step < len(data)
        if inside_list or (isinstance(data, dict) and step in data):
            data = data[step]
            place.append(step)
    return tuple(place)


def _owners(model: type[BaseModel], loc: tuple[int | str, ...]) -> list[type[BaseModel]]:
    """The models that can stand at `loc`."""
    current = [model]
    for step in loc:
        tagged = [owner for owner in current if step in _tags(owner)]
        if tagged:
            current = tagged
            continue
        following = [
            child
            for owner in current
            if isinstance(step, str) and step in owner.model_fields
            for child in _models_in(owner.model_fields[step].annotation)
        ]
        current = following or current
    return current


def _tags(owner: type[BaseModel]) -> tuple[Any, ...]:
    field = owner.model_fields.get("kind")
    return get_args(field.annotation) if field and get_origin(field.annotation) is Literal else ()


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    origin = get_origin(annotation)
    if origin is None:
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            yield annotation
    elif origin is Annotated:
        yield from _models_in(get_args(annotation)[0])
    elif origin in (Union, types.UnionType, list, dict, tuple):
        for part in typing.get_args(annotation):
            yield from _models_in(part)
