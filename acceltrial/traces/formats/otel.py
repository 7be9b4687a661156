"""OpenTelemetry GenAI spans as JSON: OTLP exports, or flat spans as the SDKs' console exporters write."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import polars as pl

from acceltrial.errors import DataContractError
from acceltrial.traces.columns import ColumnMap
from acceltrial.traces.formats.base import Reading
from acceltrial.traces.formats.span_attributes import flat_attributes, start_of
from acceltrial.traces.json_objects import first_objects, json_objects
from acceltrial.traces.parsing import parse_batch
from acceltrial.traces.source import Head
from acceltrial.traces.tabular import json_series

# The names of the semantic conventions first, then those before them and those of two instrumentations.
_INPUT = (
    "gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens", "llm.usage.prompt_tokens",
    "llm.token_count.prompt",
)  # fmt: skip
_OUTPUT = (
    "gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens", "llm.usage.completion_tokens",
    "llm.token_count.completion",
)  # fmt: skip
_CACHED = ("gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.cache_read_input_tokens")
_SESSION = ("gen_ai.conversation.id", "session.id")
_CLIENT = ("gen_ai.agent.id", "enduser.id", "user.id", "service.name")
_OPERATIONS = {"chat", "text_completion", "generate_content", "embeddings"}
_FIELDS = ("arrival", "input_tokens", "output_tokens", "prefix_tokens", "session", "client")

_GROUPS = ("resourceSpans", "resource_spans", "batches")
_SCOPES = ("scopeSpans", "scope_spans", "instrumentationLibrarySpans", "instrumentation_library_spans")
_TOLD_BY = re.compile(
    r'"(?:resource_?[sS]pans"|gen_ai"\s*:|gen_ai\.[\w.]+"|llm\.(?:usage|token_count)\.\w+")'
)


class OpenTelemetryFormat:
    """Spans that called a model; other spans of the same file (tools, agents, HTTP) are skipped and counted.

    Exporters write a span when it ends, so files are not in order of arrival and are sorted.
    """

    name = "otel"
    about = "OpenTelemetry GenAI spans (JSON lines, documents or lists)"
    ordered = False

    def recognises(self, head: Head) -> bool:
        """By OTLP's envelope, by a `gen_ai.` attribute in the first lines, or by the shape of a span."""
        if not head.is_json:
            return False
        if any(_TOLD_BY.search(line) for line in head.lines):
            return True
        return any("attributes" in item and start_of(item) is not None for item in first_objects(head, 1))

    def batches(self, head: Head, reading: Reading) -> Iterator[pl.DataFrame]:
        """Parsed batches. Raises DataContractError."""
        for objects in json_objects(head.path, reading.block_bytes):
            rows: list[int] = []
            calls: list[dict[str, Any]] = []
            for line, item, _ in objects:
                found = _calls(item, f"{head.path}, line {line}")
                reading.skip("spans that call no model", found.count(None))
                calls += [call for call in found if call is not None]
                rows += [line] * (len(calls) - len(rows))
            yield from _parsed(head, rows, calls)


def _calls(item: dict[str, Any], where: str) -> list[dict[str, Any] | None]:
    """One entry a span of the object; None for a span that calls no model. Raises DataContractError."""
    try:
        return [_call(span, resource) for span, resource in _spans(item)]
    except (AttributeError, TypeError, RecursionError) as error:
        raise DataContractError(
            f"not shaped like OpenTelemetry spans ({error})",
            where=where,
            remedy="export spans as OTLP JSON, or one span object a line",
        ) from error


def _parsed(head: Head, rows: list[int], calls: list[dict[str, Any]]) -> Iterator[pl.DataFrame]:
    """One parsed batch for the spans with nanoseconds, one for those with ISO instants."""
    for unit in ("ns", "iso"):
        chosen = [i for i, call in enumerate(calls) if isinstance(call["arrival"], int) == (unit == "ns")]
        if not chosen:
            continue
        cells = [json_series(name, [calls[i][name] for i in chosen]) for name in _FIELDS]
        frame = pl.DataFrame([pl.Series("row", [rows[i] for i in chosen], dtype=pl.Int64), *cells])
        columns = ColumnMap(**{name: name for name in _FIELDS}, time_unit=unit)
        yield parse_batch(frame, columns, head.path)


def _spans(item: dict[str, Any]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Each span with the attributes of its resource."""
    groups = _first(item, _GROUPS)
    if groups is None:
        for span in item.get("spans") or [item]:
            yield span, flat_attributes((span.get("resource") or {}).get("attributes"))
        return
    for group in groups:
        resource = flat_attributes((group.get("resource") or {}).get("attributes"))
        for scope in _first(group, _SCOPES) or []:
            for span in scope.get("spans") or []:
                yield span, resource


def _call(span: dict[str, Any], resource: dict[str, Any]) -> dict[str, Any] | None:
    known = {**resource, **flat_attributes(span.get("attributes", span))}
    tokens = _first(known, _INPUT), _first(known, _OUTPUT)
    operation = known.get("gen_ai.operation.name")
    if tokens == (None, None) and operation not in _OPERATIONS:
        return None
    if operation is not None and operation not in _OPERATIONS:
        return None  # an agent's span sums up its calls, which have spans of their own
    return {
        "arrival": start_of(span),
        "input_tokens": tokens[0],
        "output_tokens": tokens[1],
        "prefix_tokens": _first(known, _CACHED),
        "session": _first(known, _SESSION),
        "client": _first(known, _CLIENT),
    }


def _first(found: dict[str, Any], keys: tuple[str, ...]) -> Any:
    return next((found[key] for key in keys if found.get(key) is not None), None)
