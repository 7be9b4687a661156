"""OpenTelemetry GenAI spans as JSON lines: OTLP exports, or one flat span a line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
import polars as pl

from acceltrial.errors import DataContractError
from acceltrial.traces.columns import ColumnMap
from acceltrial.traces.formats.base import Reading
from acceltrial.traces.parsing import parse_batch
from acceltrial.traces.source import Head
from acceltrial.traces.tabular import json_rows, json_series

_INPUT = ("gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens")
_OUTPUT = ("gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens")
_CACHED = ("gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.cache_read_input_tokens")
_SESSION = ("gen_ai.conversation.id", "session.id")
_CLIENT = ("gen_ai.agent.id", "enduser.id", "user.id", "service.name")
_START_NS = ("startTimeUnixNano", "start_time_unix_nano")
_START_ISO = ("start_time", "startTime")
_OPERATIONS = {"chat", "text_completion", "generate_content", "embeddings"}
_FIELDS = ("arrival", "input_tokens", "output_tokens", "prefix_tokens", "session", "client")


class OpenTelemetryFormat:
    """Spans that called a model; other spans of the same file (tools, agents, HTTP) are skipped and counted.

    Exporters write a span when it ends, so files are not in order of arrival and are sorted.
    """

    name = "otel"
    about = "OpenTelemetry GenAI spans (JSON lines)"
    ordered = False

    def recognises(self, head: Head) -> bool:
        """By OTLP's envelope, or by a `gen_ai.` attribute in the first lines."""
        for line in head.lines[:50]:
            if not line.lstrip().startswith("{"):
                return False
            if '"resourceSpans"' in line or '"gen_ai.' in line:
                return True
        return bool(head.lines) and _looks_like_span(head.lines[0])

    def batches(self, head: Head, reading: Reading) -> Iterator[pl.DataFrame]:
        """Parsed batches. Raises DataContractError."""
        for number, objects in json_rows(head.path, reading.block_bytes):
            rows: list[int] = []
            calls: list[dict[str, Any]] = []
            for offset, item in enumerate(objects):
                found = _calls(item or {}, f"{head.path}, line {number + offset}")
                reading.skip("spans that call no model", found.count(None))
                calls += [call for call in found if call is not None]
                rows += [number + offset] * (len(calls) - len(rows))
            yield from _parsed(head, rows, calls)


def _calls(item: dict[str, Any], where: str) -> list[dict[str, Any] | None]:
    """One entry a span of the line; None for a span that calls no model. Raises DataContractError."""
    try:
        return [_call(span, resource) for span, resource in _spans(item)]
    except (AttributeError, TypeError) as error:
        raise DataContractError(
            f"the line is not shaped like OpenTelemetry spans ({error})",
            where=where,
            remedy="export spans as OTLP JSON, or one span object a line",
        ) from error


def _parsed(head: Head, rows: list[int], calls: list[dict[str, Any]]) -> Iterator[pl.DataFrame]:
    """One parsed batch for the spans with nanoseconds, one for those with ISO instants."""
    for unit in ("ns", "iso"):
        chosen = [i for i, call in enumerate(calls) if call["unit"] == unit]
        if not chosen:
            continue
        cells = [json_series(name, [calls[i][name] for i in chosen]) for name in _FIELDS]
        frame = pl.DataFrame([pl.Series("row", [rows[i] for i in chosen], dtype=pl.Int64), *cells])
        columns = ColumnMap(**{name: name for name in _FIELDS}, time_unit=unit)
        yield parse_batch(frame, columns, head.path)


def _spans(item: dict[str, Any]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    if "resourceSpans" not in item:
        if item:
            yield item, _attributes((item.get("resource") or {}).get("attributes"))
        return
    for group in item["resourceSpans"] or []:
        resource = _attributes((group.get("resource") or {}).get("attributes"))
        for scope in group.get("scopeSpans") or []:
            for span in scope.get("spans") or []:
                yield span, resource


def _call(span: dict[str, Any], resource: dict[str, Any]) -> dict[str, Any] | None:
    known = {**resource, **_attributes(span.get("attributes"))}
    tokens = _first(known, _INPUT), _first(known, _OUTPUT)
    operation = known.get("gen_ai.operation.name")
    if tokens == (None, None) and operation not in _OPERATIONS:
        return None
    if operation is not None and operation not in _OPERATIONS:
        return None  # an agent's span sums up its calls, which have spans of their own
    nanoseconds = _first(span, _START_NS)
    return {
        "unit": "iso" if nanoseconds is None else "ns",
        "arrival": _first(span, _START_ISO) if nanoseconds is None else nanoseconds,
        "input_tokens": tokens[0],
        "output_tokens": tokens[1],
        "prefix_tokens": _first(known, _CACHED),
        "session": _first(known, _SESSION),
        "client": _first(known, _CLIENT),
    }


def _attributes(found: Any) -> dict[str, Any]:
    """Plain attributes, from a JSON object or from OTLP's list of typed pairs."""
    if isinstance(found, dict):
        return found
    pairs = [pair for pair in found or [] if isinstance(pair, dict)] if isinstance(found, list) else []
    return {str(pair.get("key")): _plain(pair.get("value")) for pair in pairs}


def _plain(value: Any) -> Any:
    return next(iter(value.values()), None) if isinstance(value, dict) else value


def _first(found: dict[str, Any], keys: tuple[str, ...]) -> Any:
    return next((found[key] for key in keys if found.get(key) is not None), None)


def _looks_like_span(line: str) -> bool:
    try:
        item = orjson.loads(line)
    except orjson.JSONDecodeError:
        return False
    return isinstance(item, dict) and "attributes" in item and bool({*_START_NS, *_START_ISO} & set(item))
