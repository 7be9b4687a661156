"""Pairs stay, in order and unchanged; whatever is damaged is named."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acceltrial.errors import DataContractError
from acceltrial.predict.ledger import (
    Pair,
    add_pairs,
    errors_of,
    read_pairs,
    store_predictions,
    stored_predictions,
)

NOW = datetime(2026, 11, 22, tzinfo=UTC)
PAIR = Pair(
    workload="triage", option="here", model="m", precision="int4", metric="ttft_ms", statistic="p50",
    conditions="thinned", family="cpu", predicted=90.0, low=50.0, high=110.0, widened=1.0, measured=100.0,
    predictor="model 2 (20893dad9dfc)", predicted_on=NOW.isoformat(), measured_on=NOW.isoformat(), run="r1",
)  # fmt: skip


def test_pairs_are_kept_once_and_in_order(tmp_path: Path) -> None:
    other = replace(PAIR, run="r2", measured=120.0, measured_on=(NOW + timedelta(days=1)).isoformat())
    assert read_pairs(tmp_path) == []
    assert add_pairs(tmp_path, [PAIR, PAIR]) == 1
    assert add_pairs(tmp_path, [PAIR, other]) == 1
    assert read_pairs(tmp_path) == [PAIR, other]
    assert read_pairs(tmp_path, before=NOW + timedelta(hours=1)) == [PAIR]
    assert PAIR.error_share == pytest.approx(-0.1)
    assert PAIR.covered
    assert not other.covered


def test_another_value_of_the_same_measurement_is_refused(tmp_path: Path) -> None:
    add_pairs(tmp_path, [PAIR])
    before = errors_of(tmp_path).read_bytes()
    with pytest.raises(DataContractError, match="100 and as 101 in the same run"):
        add_pairs(tmp_path, [replace(PAIR, run="r3"), replace(PAIR, measured=101.0)])
    assert errors_of(tmp_path).read_bytes() == before


def test_a_line_that_a_crash_cut_short_is_dropped(tmp_path: Path) -> None:
    add_pairs(tmp_path, [PAIR])
    path = errors_of(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:40])
    assert read_pairs(tmp_path) == [PAIR]
    add_pairs(tmp_path, [replace(PAIR, run="r2")])
    assert len(read_pairs(tmp_path)) == 2
    assert path.read_bytes().startswith(whole)


def edited(**changes: Any) -> bytes:
    return orjson.dumps(orjson.loads(LINE) | changes) + b"\n"


LINE = b""


@pytest.fixture(autouse=True)
def _line(tmp_path: Path) -> None:
    global LINE  # noqa: PLW0603
    add_pairs(tmp_path / "one", [PAIR])
    LINE = errors_of(tmp_path / "one").read_bytes()


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda: b"{}\n", "line 2: not a pair"),
        (lambda: b"\xff\n", "line 2: not a pair"),
        (lambda: b"\n", "line 2: not a pair"),
        (lambda: edited(measured=1.0), "digest"),
        (lambda: edited(colour="red"), "not a pair"),
        (lambda: LINE, "line 2 repeats line 1"),
    ],
)
def test_a_damaged_line_is_named(tmp_path: Path, damage: Any, message: str) -> None:
    add_pairs(tmp_path, [PAIR])
    path = errors_of(tmp_path)
    path.write_bytes(path.read_bytes() + damage())
    with pytest.raises(DataContractError) as found:
        read_pairs(tmp_path)
    assert message in str(found.value)
    with pytest.raises(DataContractError):
        add_pairs(tmp_path, [replace(PAIR, run="r9")])


@pytest.mark.parametrize(
    "wrong",
    [
        {"measured": float("nan")},
        {"measured": 0.0},
        {"high": float("inf")},
        {"low": 200.0},
        {"widened": 0.0},
        {"measured_on": "yesterday"},
        {"predicted_on": "2026-11-22"},
    ],
)
def test_what_is_no_figure_never_becomes_a_pair(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        replace(PAIR, **wrong)


@settings(deadline=None, max_examples=50)
@given(text=st.text(max_size=30), value=st.floats(1e-300, 1e300))
def test_every_name_and_value_comes_back(
    tmp_path_factory: pytest.TempPathFactory, text: str, value: float
) -> None:
    folder = tmp_path_factory.mktemp("ledger")
    pair = replace(PAIR, option=text, conditions=text, measured=value)
    add_pairs(folder, [pair])
    assert read_pairs(folder) == [pair]


def test_sets_of_predictions_are_stored_once_and_found_by_option(tmp_path: Path) -> None:
    rows = {name: ["a", "b"] for name in ("workload", "option", "model", "precision", "metric", "statistic")}
    told = pl.DataFrame({**rows, "conditions": ["", ""], "value": [1.0, 2.0], "date": [NOW, NOW], "run": "x"})
    first = store_predictions(tmp_path, told, now=NOW)
    later = told.with_columns(date=pl.lit(NOW + timedelta(days=1)), run=pl.lit("y"))
    assert store_predictions(tmp_path, later, now=NOW + timedelta(days=1)) == first
    new = later.with_columns(value=pl.col("value") * 2)
    assert store_predictions(tmp_path, new, now=NOW + timedelta(days=1)) != first
    assert stored_predictions(tmp_path, ["a"], before=NOW).is_empty()
    found = stored_predictions(tmp_path, ["a"], before=NOW + timedelta(days=9))
    assert found["value"].to_list() == [2.0]
    first.write_bytes(b"torn")
    with pytest.raises(DataContractError, match="not a set of predictions"):
        stored_predictions(tmp_path, ["a"], before=NOW)
