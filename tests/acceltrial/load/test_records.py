"""The table of records."""

from __future__ import annotations

from array import array

import pytest

from acceltrial.load import Schedule, records
from acceltrial.load.records import COLUMNS, RecordBuilder
from acceltrial.load.spill import RawRecord
from tests.acceltrial.load.conftest import good_stream


def raw(index: int, data: bytes, outcome: str = "", *, warm_up: bool = False) -> RawRecord:
    times = array("q", [2_000_000_000] if data else [])
    ends = array("q", [len(data)] if data else [])
    return RawRecord(
        index,
        1_500_000_000,
        1_600_000_000,
        0,
        0,
        0,
        2_000_000_000,
        outcome,
        True,
        False,
        warm_up,
        times,
        ends,
        data,
        "",
    )


@pytest.mark.parametrize("block", [1, 3, 1_000])
def test_blocks_join_in_order(monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    monkeypatch.setattr(records, "_BLOCK", block)
    schedule = Schedule.open_loop("constant", rate_rps=10, requests=8, input_tokens=4)
    builder = RecordBuilder(
        schedule, 1_000_000_000, 1, stream=True, keep_text=True, own_input=list(range(8)),
        count_output=lambda texts: [len(text) for text in texts],
    )  # fmt: skip
    found = [
        raw(0, good_stream(), warm_up=True),
        *(raw(i, good_stream()) for i in (5, 2, 1)),
        raw(3, b"", "reset"),
    ]
    builder.add(found)
    frame = builder.build()
    assert frame.columns == [*COLUMNS, "text"]
    # Five planned requests have no record (one more is left out as warm-up): they are rows all the same.
    assert frame["index"].to_list() == list(range(8))
    assert frame["error_class"].to_list() == [
        None,
        None,
        "reset",
        "not_sent",
        None,
        "not_sent",
        "not_sent",
        "not_sent",
    ]
    row = frame.row(0, named=True)
    assert row["sent_s"] == pytest.approx(0.6)
    assert row["token_times_s"] == pytest.approx([1.0] * 3)
    assert row["output_tokens_own"] == len(row["text"])
    assert frame["input_tokens_own"].to_list() == list(range(8))
    assert frame["output_tokens_planned"].to_list() == [128] * 8
