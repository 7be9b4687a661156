"""The spread between runs."""

from __future__ import annotations

from typing import Any

import pytest

from acceltrial.errors import ConfigurationError
from acceltrial.load.plan import LoadResult
from acceltrial.load.repeats import figure_names, repeated, spread


def summary(value: float | None, *, valid: bool = True, completed: int = 10) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in figure_names():
        group, _, statistic = name.partition(".")
        found.setdefault(group, {})[statistic] = value
    found["requests"]["completed"] = completed
    found["instrument"] = {"valid": valid, "reasons": [] if valid else ["send lag p99 is 9 ms, above 5 ms"]}
    return found


def test_an_invalid_run_is_named_and_in_no_figure() -> None:
    found = spread([summary(1.0), summary(900.0, valid=False), summary(3.0), summary(2.0)])
    assert (found["runs"], found["valid"]) == (4, 3)
    assert found["left_out"] == [{"run": 2, "reasons": ["send lag p99 is 9 ms, above 5 ms"]}]
    ttft = found["figures"]["ttft_ms.p50"]
    assert (ttft["median"], ttft["low"], ttft["high"], ttft["n"]) == (2.0, 1.0, 3.0, 3)
    assert ttft["interval"] is None


def test_six_runs_give_an_interval() -> None:
    ttft = spread([summary(float(i)) for i in range(6)])["figures"]["ttft_ms.p50"]
    assert ttft["interval"] == [0.0, 5.0]


def test_unknown_stays_unknown() -> None:
    figures = spread([summary(None), summary(None, completed=0)])["figures"]
    assert figures["tpot_ms.p50"]["median"] is None
    assert figures["tpot_ms.p50"]["n"] == 0


def test_the_middle_valid_run_is_shown() -> None:
    values = [summary(3.0), summary(1.0), summary(2.0), summary(0.5, valid=False)]
    found = repeated(lambda number: LoadResult(None, values[number], {}), 4)  # type: ignore[arg-type]
    assert found["e2e_ms"]["p50"] == 2.0
    assert found["repeats"]["valid"] == 3
    none = repeated(lambda _number: LoadResult(None, summary(1.0, valid=False), {}), 2)  # type: ignore[arg-type]
    assert not none["instrument"]["valid"]
    assert none["repeats"]["figures"]["e2e_ms.p50"]["median"] is None


def test_one_run_has_no_spread() -> None:
    with pytest.raises(ConfigurationError):
        repeated(lambda _number: LoadResult(None, {}, {}), 1)  # type: ignore[arg-type]
