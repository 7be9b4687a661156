from __future__ import annotations

from collections.abc import Callable
from typing import Any

import polars as pl
import pytest

PURCHASE = {
    "gpu-a": {"value": 30_000, "low": 25_000, "high": 40_000, "source": "quote", "as_of": "2026-11-01"}
}


def lines(table: Any, variant: str, option: str = "gpu-a-x1-bf16", workload: str = "chat") -> dict[str, Any]:
    found = table.filter(workload=workload, option=option, variant=variant)
    return {row["line"]: row for row in found.to_dicts()}


def test_lines_sum_to_the_total_which_is_the_month_times_the_horizon(
    rows: Any, score: Callable[..., Any]
) -> None:
    out = score(rows)
    found = lines(out["tco"], "on_demand")
    parts = sum(row["usd"] for name, row in found.items() if name != "total")
    assert found["total"]["usd"] == pytest.approx(parts)
    assert sum(row["share"] for name, row in found.items() if name != "total") == pytest.approx(1)
    month = out["costs"].filter(workload="chat", option="gpu-a-x1-bf16", metric="usd_per_month")["value"][0]
    assert found["total"]["usd"] - found["carbon"]["usd"] == pytest.approx(month * 24)
    for row in found.values():
        assert row["low"] <= row["usd"] <= row["high"]


def test_ways_to_pay_that_no_rule_allows_are_shown_as_such(rows: Any, score: Callable[..., Any]) -> None:
    tco = score(rows)["tco"]
    assert lines(tco, "on_demand")["total"]["allowed"]
    assert not lines(tco, "spot")["total"]["allowed"]
    assert lines(tco, "spot")["compute"]["usd"] < lines(tco, "on_demand")["compute"]["usd"]


def test_owned_hardware_is_amortised_and_its_capital_and_power_cost(
    rows: Any, score: Callable[..., Any]
) -> None:
    assert lines(score(rows)["tco"], "owned") == {}  # no purchase price is assumed
    tco = score(rows, purchase_usd=PURCHASE)["tco"]
    found = lines(tco, "owned")
    assert "compute" not in found
    replicas = 1
    whole = 30_000 * 1.35
    assert found["amortisation"]["usd"] == pytest.approx(whole * 0.85 / 4 * 2 * replicas)
    assert found["cost_of_capital"]["usd"] > 0
    assert found["power"]["usd"] > 0
    assert found["total"]["high"] > found["total"]["usd"] > found["total"]["low"]
    assert "quote" in found["amortisation"]["source"]


def test_unknown_power_leaves_carbon_empty_and_owned_unknown(rows: Any, score: Callable[..., Any]) -> None:
    for row in rows["accelerators"]:
        row["tdp_w"] = None
    tco = score(rows, purchase_usd=PURCHASE)["tco"]
    carbon = lines(tco, "on_demand")["carbon"]
    assert carbon["usd"] is None
    assert "power is unknown" in carbon["reason"]
    owned = lines(tco, "owned")
    assert owned["total"]["usd"] is None
    assert owned["total"]["reason"]


def test_training_has_its_lines_too(rows: Any, score: Callable[..., Any]) -> None:
    found = score(rows)["tco"].filter(pl.col("workload") == "tune")
    assert "total" in found["line"].to_list()
    assert found.filter(line="carbon")["usd"].null_count() == 0
