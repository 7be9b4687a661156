from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from acceltrial.errors import DataContractError
from schemas.base import check_table, table_of
from schemas.evidence import Measurements

ROW: dict[str, Any] = {
    "workload": "w", "option": "o", "phase": "replay", "metric": "ttft_ms", "statistic": "p50", "value": 5.0,
    "unit": "ms", "n": 10, "low": 4.0, "high": 6.0, "interval_level": 0.95,
    "interval_method": "order statistics",
    "grade": "measured", "source": "s", "date": datetime(2026, 11, 22, tzinfo=UTC),
    "model": "m",
    "precision": "bf16", "adjustments": "", "valid": True, "reason": "", "cell": "c", "run": "r",
}  # fmt: skip


def test_a_whole_row_passes() -> None:
    check_table(Measurements, table_of(Measurements, [ROW]), "here")


@pytest.mark.parametrize(
    "change",
    [
        {"value": None},
        {"low": None, "high": None},
        {"low": 7.0},
        {"low": None},
        {"interval_method": None},
        {"grade": "guessed"},
        {"option": "<script>"},
        {"option": "../x"},
    ],
)
def test_a_row_that_hides_what_it_does_not_know_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(DataContractError):
        check_table(Measurements, table_of(Measurements, [ROW | change]), "here")


def test_an_unknown_value_with_its_reason_passes() -> None:
    row = ROW | {
        "value": None,
        "low": None,
        "high": None,
        "interval_level": None,
        "interval_method": None,
        "reason": "hung",
    }
    check_table(Measurements, table_of(Measurements, [row]), "here")
