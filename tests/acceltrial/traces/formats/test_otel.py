from __future__ import annotations

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
