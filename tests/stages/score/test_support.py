from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from acceltrial.errors import DataContractError
from stages.score.support import last_day, load_support, support_of

HEADER = "family,item,stage,ends,detail,source,as_of,confidence\n"


def write(tmp_path: Path, text: str) -> Path:
    folder = tmp_path / "data/catalogue"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "support.csv").write_text(text)
    return folder


def test_a_familys_own_row_goes_before_a_pattern_and_the_earliest_end_counts() -> None:
    def row(family: str, ends: str) -> dict[str, str]:
        return {"family": family, "ends": ends}

    rows = [row("a*", "2027-01"), row("a*", "2026-12"), row("a-x", "")]
    assert support_of("a-y", rows) == rows[1]
    assert support_of("a-x", rows) == rows[2]
    assert support_of("b", rows) is None


def test_a_month_ends_on_its_last_day() -> None:
    assert last_day("2028-02", "") == date(2028, 2, 29)
    assert last_day("2028-02-03", "") == date(2028, 2, 3)
    assert last_day("", "") is None


@pytest.mark.parametrize("text", ["2028", "2028-13", "never", "28-02-03", "2028-02-30"])
def test_what_is_no_date_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(DataContractError, match="row 2, column ends"):
        load_support(write(tmp_path, f"{HEADER}c,chip,retired,{text},d,s,2026,v\n"))


def test_a_missing_column_is_refused_and_a_missing_file_is_empty(tmp_path: Path) -> None:
    assert load_support(tmp_path) == []
    with pytest.raises(DataContractError, match="no column item"):
        load_support(write(tmp_path, "family\nx\n"))


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("a,driver,long_term_support,2026-10,d,s,2026,v", "ended on 2026-10-31"),
        ("a,chip,end_of_support,,d,s,2026,v", "end of support"),
    ],
)
def test_ended_support_is_a_veto(
    line: str, told: str, tmp_path: Path, rows: Any, score: Callable[..., Any]
) -> None:
    write(tmp_path, f"{HEADER}{line}\n")
    ranking = score(rows)["ranking"]
    row = ranking.filter(workload="chat", option="gpu-a-x1-bf16").to_dicts()[0]
    assert row["vetoed"]
    assert "support of a: " in row["veto_reason"]
    assert told in row["veto_reason"]
    assert not ranking.filter(workload="chat", option="gpu-b-x1-bf16")["vetoed"][0]
