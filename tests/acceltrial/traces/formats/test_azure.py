from __future__ import annotations

from pathlib import Path

import pytest

from acceltrial.errors import DataContractError
from acceltrial.traces import open_trace, trace_stats


def test_the_2024_form_with_offsets_is_read_too(tmp_path: Path) -> None:
    path = tmp_path / "t"
    path.write_text(
        "TIMESTAMP,ContextTokens,GeneratedTokens\n"
        "2024-05-10 00:00:00.009930+00:00,2162,5\n2024-05-10 02:00:00.017335+02:00,2399,6\n"
    )
    trace = open_trace(path)
    assert trace.collect()["arrival_s"].to_list() == [0.0, pytest.approx(0.007405)]
    assert trace.facts.format == "azure"


def test_a_row_cut_short_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t"
    path.write_text("TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:15:46.6805900,374,44\n2023-11-1")
    with pytest.raises(DataContractError, match="ISO 8601") as caught:
        open_trace(path).collect()
    assert "row 2" in caught.value.where


@pytest.mark.parametrize(("name", "rows", "idc_10s"), [("code", 8819, 71.85), ("conv", 19366, 3.87)])
def test_published_traces_have_their_published_statistics(
    shared_data: Path, name: str, rows: int, idc_10s: float
) -> None:
    stats = trace_stats(open_trace(shared_data / "traces" / f"azure_llm_2023_{name}.csv.gz"))
    assert stats.rows == rows
    assert stats.idc_10s == pytest.approx(idc_10s, rel=1e-3)


@pytest.mark.parametrize(
    ("times", "gap"),
    [
        (("0.5", "2.25"), 1.75),
        (("1700158626.5", "1700158627"), 0.5),
        (("2025-01-05T10:00:00.5+02:00", "2025-01-05T10:00:01.25+02:00"), 0.75),
    ],
)
def test_other_columns_other_order_and_other_times(
    tmp_path: Path, times: tuple[str, str], gap: float
) -> None:
    path = tmp_path / "t.csv"
    rows = "".join(f"{10 + i},{time},2,{100 + i}\n" for i, time in enumerate(times))
    path.write_text("GeneratedTokens,TIMESTAMP,NumImages,ContextTokens\n" + rows)
    trace = open_trace(path)
    frame = trace.collect()
    assert trace.facts.format == "azure"
    assert frame["arrival_s"].to_list() == [0.0, gap]
    assert frame.select("input_tokens", "output_tokens").rows() == [(100, 10), (101, 11)]


def test_a_table_without_rows_holds_no_request(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("TIMESTAMP,ContextTokens,GeneratedTokens\n")
    with pytest.raises(DataContractError, match="no request"):
        open_trace(path).collect()
