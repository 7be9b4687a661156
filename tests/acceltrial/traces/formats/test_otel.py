from __future__ import annotations

import gzip
import re
from pathlib import Path
from typing import Any

import orjson
import pytest

from acceltrial.errors import DataContractError
from acceltrial.traces import open_trace

START = 1_700_000_000_000_000_000


def _file(tmp_path: Path, *items: dict[str, Any]) -> Path:
    path = tmp_path / "spans.jsonl"
    path.write_bytes(b"\n".join(orjson.dumps(item) for item in items))
    return path


def _flat(second: int, **attributes: Any) -> dict[str, Any]:
    return {"name": "chat m", "start_time": f"2026-01-01T00:00:{second:02d}.5Z", "attributes": attributes}


def _otlp(offset_s: int, pairs: dict[str, Any]) -> dict[str, Any]:
    attributes = [
        {"key": k, "value": {"intValue": str(v)} if isinstance(v, int) else {"stringValue": v}}
        for k, v in pairs.items()
    ]
    span = {"name": "chat", "startTimeUnixNano": str(START + offset_s * 10**9), "attributes": attributes}
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]}
    return {"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": [span]}]}]}


def test_flat_spans_are_sorted_by_start_and_others_counted(tmp_path: Path) -> None:
    usage = {
        "gen_ai.operation.name": "chat",
        "gen_ai.usage.input_tokens": 12,
        "gen_ai.usage.output_tokens": 3,
    }
    path = _file(
        tmp_path,
        _flat(9, **usage),
        _flat(5, **usage, **{"gen_ai.conversation.id": "c1"}),
        _flat(6, **{"http.method": "GET"}),
        _flat(7, **{"gen_ai.operation.name": "invoke_agent", "gen_ai.usage.input_tokens": 99}),
        _flat(8, **{"gen_ai.usage.prompt_tokens": 7, "gen_ai.usage.completion_tokens": 1}),
    )
    trace = open_trace(path)
    frame = trace.collect()
    assert frame["arrival_s"].to_list() == [0.0, 3.0, 4.0]
    assert frame["input_tokens"].to_list() == [12, 7, 12]
    assert frame["session"].to_list() == ["c1", None, None]
    assert trace.facts.skipped == {"spans that call no model": 2}


def test_otlp_exports(tmp_path: Path) -> None:
    usage = {"gen_ai.usage.input_tokens": 100, "gen_ai.usage.output_tokens": 5,
             "gen_ai.usage.cache_read.input_tokens": 64}  # fmt: skip
    path = _file(tmp_path, _otlp(2, usage), _otlp(0, usage))
    frame = open_trace(path).collect()
    assert frame["arrival_s"].to_list() == [0.0, 2.0]
    assert frame["prefix_tokens"].to_list() == [64, 64]
    assert frame["client"].to_list() == ["shop", "shop"]


def test_a_file_of_other_spans_holds_no_request(tmp_path: Path) -> None:
    with pytest.raises(DataContractError, match="no request") as caught:
        open_trace(_file(tmp_path, _flat(1, **{"http.method": "GET"}))).collect()
    assert "1 rows were spans that call no model" in caught.value.remedy


def test_a_negative_usage_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataContractError, match="negative"):
        open_trace(_file(tmp_path, _flat(1, **{"gen_ai.usage.input_tokens": -4}))).collect()


@pytest.mark.parametrize(
    "item",
    [{"resourceSpans": 5}, {"resourceSpans": [7]}, {"resourceSpans": [{"scopeSpans": [{"spans": [3]}]}]}],
)
def test_an_envelope_of_another_shape_is_refused(tmp_path: Path, item: dict[str, Any]) -> None:
    with pytest.raises(DataContractError):
        open_trace(_file(tmp_path, item)).collect()


OLD = {"gen_ai.usage.prompt_tokens": 7, "gen_ai.usage.completion_tokens": 2}
NEW = {"gen_ai.operation.name": "chat", "gen_ai.usage.input_tokens": 100, "gen_ai.usage.output_tokens": 5}


def _console(second: int, **attributes: Any) -> dict[str, Any]:
    """As the Python SDK's console exporter writes a span."""
    return {
        "name": "chat m",
        "context": {"trace_id": "0x1", "span_id": "0x2", "trace_state": "[]"},
        "kind": "SpanKind.CLIENT",
        "parent_id": None,
        "start_time": f"2026-01-01T00:00:{second:02d}.500000Z",
        "end_time": f"2026-01-01T00:00:{second:02d}.900000Z",
        "status": {"status_code": "UNSET"},
        "attributes": attributes,
        "events": [],
        "links": [],
        "resource": {"attributes": {"service.name": "shop"}, "schema_url": ""},
    }


def _snake(item: Any) -> Any:
    """As protobuf's JSON writer does with `preserving_proto_field_name`."""
    if isinstance(item, list):
        return [_snake(one) for one in item]
    if not isinstance(item, dict):
        return item
    return {re.sub(r"([A-Z])", lambda m: f"_{m[1].lower()}", name): _snake(v) for name, v in item.items()}


def _merged(*items: dict[str, Any]) -> dict[str, Any]:
    return {"resourceSpans": [group for item in items for group in item["resourceSpans"]]}


EXPORTS = {
    "one indented document": orjson.dumps(_merged(_otlp(2, NEW), _otlp(0, OLD)), option=orjson.OPT_INDENT_2),
    "indented documents": b"\n".join(orjson.dumps(_otlp(at, p), option=orjson.OPT_INDENT_2)
                                     for at, p in ((2, NEW), (0, OLD))),
    "a document a line": b"\n".join(orjson.dumps(_otlp(at, p)) for at, p in ((2, NEW), (0, OLD))),
    "a list of documents": orjson.dumps([_otlp(2, NEW), _otlp(0, OLD)]),
    "names in snake case": orjson.dumps(_snake(_merged(_otlp(2, NEW), _otlp(0, OLD)))),
    "the console exporter": b"\n".join(orjson.dumps(_console(at, **p), option=orjson.OPT_INDENT_2)
                                       for at, p in ((4, NEW), (2, OLD))),
    "an indented list of spans": orjson.dumps([_console(4, **NEW), _console(2, **OLD)],
                                              option=orjson.OPT_INDENT_2),
    "nested attributes": orjson.dumps([
        {"start_time": 1_767_225_604, "resource": {"attributes": {"service": {"name": "shop"}}},
         "attributes": {"gen_ai": {"operation": {"name": "chat"}, "usage": {"input_tokens": "100",
                                                                           "output_tokens": 5.0}}}},
        _console(2, **OLD) | {"start_time": "2026-01-01T00:00:02Z"},
    ]),
}  # fmt: skip


@pytest.mark.parametrize("export", list(EXPORTS))
@pytest.mark.parametrize("packed", [False, True])
def test_every_exporters_layout(tmp_path: Path, export: str, packed: bool) -> None:
    path = tmp_path / "spans"
    path.write_bytes(gzip.compress(EXPORTS[export]) if packed else EXPORTS[export])
    trace = open_trace(path)
    frame = trace.collect()
    assert trace.facts.format == "otel"
    assert frame["arrival_s"].to_list() == [0.0, 2.0]
    assert frame.select("input_tokens", "output_tokens").rows() == [(7, 2), (100, 5)]
    assert frame["client"].to_list() == ["shop", "shop"]


def test_a_document_that_is_longer_than_the_files_start(tmp_path: Path) -> None:
    path = tmp_path / "spans.json"
    documents = _merged(*(_otlp(second, NEW) for second in range(2_000)))
    for option in (0, orjson.OPT_INDENT_2):
        path.write_bytes(orjson.dumps(documents, option=option))
        assert open_trace(path).collect().height == 2_000


def test_a_document_that_is_cut_short_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "spans.json"
    path.write_bytes(EXPORTS["one indented document"][:-20])
    with pytest.raises(DataContractError, match="does not end"):
        open_trace(path).collect()
