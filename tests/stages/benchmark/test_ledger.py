"""The ledger grows with each evaluation, and what it says reaches the next intervals."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from acceltrial.errors import DataContractError
from acceltrial.predict.ledger import errors_of
from schemas.base import check_table, table_of
from schemas.evidence import Measurements, PredictionLedger
from stages.benchmark.ledger import FOLDER, settle
from stages.benchmark.rows import RowMaker
from stages.contract import Context

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
MAKER = RowMaker("w", "o", "replay", "m", "bf16", "w@o.replay", "r", NOW, "engine")


def rows(count: int, measured: float, *, predicted: float = 100.0) -> pl.DataFrame:
    told = MAKER.with_(phase="predicted", grade="predicted")
    found: list[dict[str, Any]] = []
    for number in range(count):
        pair = {"interval": (50.0, 200.0), "level": 0.8, "method": "model"}
        found += [
            {**told.row("ttft_ms", "p50", predicted, **pair), "workload": f"w{number}"},
            {**MAKER.row("ttft_ms", "p50", measured, reason="few"), "workload": f"w{number}"},
        ]
    return check_table(Measurements, table_of(Measurements, found), "rows")


def test_two_evaluations(context: Any) -> None:
    now: Context = context("join")
    first, ledger = settle(rows(12, 800.0), {"o": "cpu"}, now)
    check_table(PredictionLedger, ledger, "ledger")
    assert ledger.height == 12
    assert not ledger["covered"].any()
    told = first.filter(pl.col("grade") == "predicted")
    assert told["high"].to_list() == [200.0] * 12
    again, same = settle(rows(12, 800.0), {"o": "cpu"}, now)
    assert again.equals(first)
    assert same.equals(ledger)
    later = replace(now, now=now.now + timedelta(days=1))
    second, grown = settle(rows(12, 800.0), {"o": "cpu"}, later)
    told = check_table(Measurements, second, "rows").filter(pl.col("grade") == "predicted")
    assert told["high"][0] == pytest.approx(800.0)
    assert "widths × 3" in told["interval_method"][0]
    assert grown.height == 12
    elsewhere, _ = settle(rows(12, 800.0), {"o": "gpu"}, later)
    assert elsewhere.filter(pl.col("grade") == "predicted")["high"][0] == 200.0


def test_a_later_measurement_meets_a_stored_prediction(context: Any) -> None:
    now: Context = context("join")
    told = rows(1, 120.0).filter(pl.col("grade") == "predicted")
    _, none = settle(told, {"o": "cpu"}, now)
    assert none.is_empty()
    later = replace(now, now=now.now + timedelta(days=1))
    seen = rows(1, 120.0).filter(pl.col("grade") == "measured")
    _, ledger = settle(seen, {"o": "cpu"}, later)
    assert ledger.select("predicted", "measured", "family").rows() == [(100.0, 120.0, "cpu")]
    thinned = seen.with_columns(adjustments=pl.lit("thinned"), run=pl.lit("other"))
    _, ledger = settle(thinned, {"o": "cpu"}, later)
    assert ledger.height == 1


def test_a_damaged_ledger_stops_the_stage(context: Any) -> None:
    now: Context = context("join")
    settle(rows(2, 120.0), {"o": "cpu"}, now)
    path = errors_of(now.root / FOLDER)
    path.write_bytes(path.read_bytes().replace(b'"measured":120.0', b'"measured":100.0', 1))
    with pytest.raises(DataContractError, match="line 1"):
        settle(rows(2, 120.0), {"o": "cpu"}, now)


def test_a_prediction_meets_the_valid_replay_of_the_same_thing(context: Any) -> None:
    told = MAKER.with_(phase="predicted", grade="predicted")
    interval = {"interval": (50.0, 110.0), "level": 0.9, "method": "model"}
    found = [
        told.row("ttft_ms", "p50", 90.0, **interval),
        {**told.row("ttft_ms", "p50", 90.0, **interval), "option": "elsewhere"},
        told.row("tpot_ms", "p50", 90.0, reason="none"),
        MAKER.row("ttft_ms", "p50", 100.0, reason="few"),
        MAKER.with_(phase="synthetic").row("ttft_ms", "p50", 1.0, reason="few"),
        MAKER.with_(valid=False, option="elsewhere").row("ttft_ms", "p50", 5.0, reason="few"),
    ]
    _, ledger = settle(table_of(Measurements, found), {"o": "cpu"}, context("join"))
    assert ledger.select("option", "predicted", "measured", "error_share", "covered", "family").rows() == [
        ("o", 90.0, 100.0, pytest.approx(-0.1), True, "cpu")
    ]
    assert settle(table_of(Measurements, []), {}, context("empty"))[1].is_empty()
