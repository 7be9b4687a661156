from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from acceltrial.errors import ConfigurationError, DataContractError
from acceltrial.traces import open_trace, trace_stats


def _file(tmp_path: Path, rows: list[dict[str, object]]) -> Path:
    path = tmp_path / "t"
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    return path


def _row(ms: int, tokens: int, ids: list[int] | None) -> dict[str, object]:
    row: dict[str, object] = {"timestamp": ms, "input_length": tokens, "output_length": 5}
    return row if ids is None else row | {"hash_ids": ids}


def test_prefix_tokens_are_the_leading_blocks_seen_before(tmp_path: Path) -> None:
    path = _file(
        tmp_path,
        [_row(0, 1200, [0, 1, 2]), _row(10, 1500, [0, 1, 9]), _row(20, 600, [9, 0]), _row(30, 700, [0, 1]),
         _row(40, 100, [77]), _row(50, 100, [])],
    )  # fmt: skip
    frame = open_trace(path).collect()
    assert frame["prefix_tokens"].to_list() == [0, 1024, 600, 700, 0, 0]


@pytest.mark.parametrize("block", [1, 200, 1 << 20])
def test_prefixes_do_not_depend_on_blocks(tmp_path: Path, block: int) -> None:
    path = _file(tmp_path, [_row(i, 2000, [0, i // 3, i]) for i in range(40)])
    first = open_trace(path).collect()
    assert open_trace(path, block_bytes=block).collect().equals(first)


@pytest.mark.parametrize("ids", ["abc", [1.5], [-1], [2**40], [[1]], 7])
def test_block_ids_that_are_none_are_refused(tmp_path: Path, ids: object) -> None:
    path = _file(tmp_path, [_row(0, 5, [0]), _row(0, 5, None) | {"hash_ids": ids}])
    with pytest.raises(DataContractError) as caught:
        open_trace(path).collect()
    assert "hash_ids" in caught.value.where


def test_missing_fields_and_other_layouts(tmp_path: Path) -> None:
    path = tmp_path / "t"
    rows: list[dict[str, object]] = [
        {"hash_ids": [0, 1], "input_length": 900, "timestamp": 0, "extra": {"a": 1}}
    ]
    rows.append({"timestamp": 1500, "input_length": 800, "hash_ids": [0, 2]})
    rows.append({"timestamp": 1600, "input_length": 1})
    path.write_bytes(orjson.dumps(rows, option=orjson.OPT_INDENT_2))
    trace = open_trace(path)
    frame = trace.collect()
    assert trace.facts.format == "mooncake"
    assert frame["arrival_s"].to_list() == [0.0, 1.5, 1.6]
    assert frame["output_tokens"].to_list() == [None] * 3
    assert frame["prefix_tokens"].to_list() == [0, 512, None]


def test_times_that_are_no_whole_milliseconds(tmp_path: Path) -> None:
    path = _file(tmp_path, [_row(0, 5, [0]) | {"timestamp": at} for at in (0.5, 2.0)])
    with pytest.raises(ConfigurationError, match="these have fractions") as caught:
        open_trace(path).collect()
    assert "--format mooncake" in caught.value.remedy
    assert open_trace(path, format="mooncake").collect()["arrival_s"].to_list() == [0.0, 0.0015]
    days = ("2026-01-01T00:00:00+01:00", "2026-01-01T00:00:02+01:00")
    path = _file(tmp_path, [_row(0, 5, [0]) | {"timestamp": day} for day in days])
    assert open_trace(path).collect()["arrival_s"].to_list() == [0.0, 2.0]


def test_the_published_trace(shared_data: Path) -> None:
    trace = open_trace(shared_data / "traces" / "mooncake_conversation_first30min.jsonl.gz")
    stats = trace_stats(trace)
    assert trace.facts.spread_step_s == 3.0
    assert stats.prefix_share == pytest.approx(0.347, abs=0.001)
    assert stats.gap_cv == pytest.approx(1.0, abs=0.1)
