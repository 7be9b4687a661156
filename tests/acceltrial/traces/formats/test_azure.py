from __future__ import annotations

from pathlib import Path

import pytest

from acceltrial.errors import DataContractError
from acceltrial.traces import open_trace, trace_stats
from tests.acceltrial.traces.formats.conftest import Opened


def test_the_2024_form_with_offsets_is_read_too(opened: Opened) -> None:
    trace = opened(
        "TIMESTAMP,ContextTokens,GeneratedTokens\n"
        "2024-05-10 00:00:00.009930+00:00,2162,5\n2024-05-10 02:00:00.017335+02:00,2399,6\n"
    )
    assert trace.collect()["arrival_s"].to_list() == [0.0, pytest.approx(0.007405)]
    assert trace.facts.format == "azure"


def test_a_row_cut_short_is_refused(opened: Opened) -> None:
    trace = opened("TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:15:46.6805900,374,44\n2023-11-1")
    with pytest.raises(DataContractError, match="ISO 8601") as caught:
        trace.collect()
    assert "row 2" in caught.value.where


@pytest.mark.parametrize(("name", "rows", "idc_10s"), [("code", 8819, 71.85), ("conv", 19366, 3.87)])
def test_published_traces_have_their_published_statistics(
    shared_data: Path, name: str, rows: int, idc_10s: float
) -> None:
    stats = trace_stats(open_trace(shared_data / "traces" / f"azure_llm_2023_{name}.csv.gz"))
    assert stats.rows == rows
    assert stats.idc_10s == pytest.approx(idc_10s, rel=1e-3)


def test_a_table_without_rows_holds_no_request(opened: Opened) -> None:
    with pytest.raises(DataContractError, match="no request"):
        opened("TIMESTAMP,ContextTokens,GeneratedTokens\n").collect()
